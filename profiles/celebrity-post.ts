/**
 * Somebody with a hundred million followers posts. Within a second a good part of them asks for a page that is in
 * no cache yet: the surge is known in advance to the one who writes.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { catalogue, latencyParameters, plain, steady, steadyParameters } from './shared/parameters.ts';

export default defineProfile({
  id: 'celebrity-post',
  title: 'A celebrity posts',
  prose:
    'Reads of one hot page and now and then a post that makes it new. Compare with --vary ' +
    'celebrity.strategy=lazy,pushed: with lazy each post is a stampede, with pushed nobody misses. Defences ' +
    'of the run stand in front of both.',
  parameters: z.object({
    ...steadyParameters,
    postsPerSec: z.number().min(0).max(100).default(0.5).describe('posts of the celebrity'),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue({ keys: 1, recomputeMs: 0 }, { stock: 0, preloadKeys: 0 }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [
        { operation: 'read-item', weight: p.ratePerSec, keys: { kind: 'single', key: 0 } },
        { operation: 'post', weight: p.postsPerSec, keys: { kind: 'single', key: 0 } },
      ],
      users: 10_000,
    },
    ttlMs: 60_000,
    timeoutMs: p.timeoutMs,
    workload: { id: 'celebrity' },
  }),
});
