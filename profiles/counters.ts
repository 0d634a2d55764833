/**
 * Views of a video, likes of a post, clicks on an advertisement: writes that come as often as reads and must add up in
 * the end. Twitter's public cache traces hold clusters in which more than half of all requests are writes.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { catalogue, latencyParameters, plain, steady, steadyParameters } from './shared/parameters.ts';

export default defineProfile({
  id: 'counters',
  title: 'Counters that must add up',
  prose:
    'Every request counts one view; a few pages get most of them (Zipf). Counted in the database, one hot row is locked ' +
    'by one view at a time; counted in the cache it costs next to nothing, and what the cache loses is lost. Compare ' +
    'with --vary counters.strategy=database,increment, and break the cache in the middle.',
  parameters: z.object({
    ...steadyParameters,
    keys: z.int().min(1).max(1_000_000).default(200).describe('pages that are counted'),
    exponent: z.number().min(0).max(5).default(1.2).describe('Zipf exponent of the pages'),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue({ keys: 1, recomputeMs: 0 }, { stock: 0, preloadKeys: 0 }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [{ operation: 'count', weight: 1, keys: { kind: 'zipf', keys: p.keys, exponent: p.exponent } }],
      users: 10_000,
    },
    ttlMs: 60_000,
    checks: ['identity', 'counts-exact'],
    timeoutMs: p.timeoutMs,
    workload: { id: 'counters' },
  }),
});
