/**
 * A cache of several servers grows by one in the middle of the day, and shrinks again. Nothing fails; but how keys are
 * placed decides whether a few of them miss or nearly all, and the database pays the difference.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import {
  catalogue,
  latencyParameters,
  plain,
  recomputeParameter,
  steady,
  steadyParameters,
  ttlParameter,
} from './shared/parameters.ts';

export default defineProfile({
  id: 'reshard',
  title: 'A shard is added and taken away under load',
  prose:
    'Reads only, Poisson arrivals at a steady rate, Zipf over a catalogue that is wholly in the cache. The cache is the ' +
    'store redis-shards; at a third of the run it is told to use one shard more, at two thirds one less. The keys that ' +
    'have another place miss until they are loaded again: n/(n+1) of them with placement modulo, 1/(n+1) with ' +
    'consistent hashing. The fault’s own line tells the share that moved; hit ratio, database rate and latency stand by ' +
    'phase before, during (one shard more) and after. Compare them with --vary placement=modulo,consistent.',
  parameters: z.object({
    ...steadyParameters,
    ratePerSec: steadyParameters.ratePerSec.default(300),
    durationSec: steadyParameters.durationSec.default(15),
    placement: z.enum(['consistent', 'modulo']).default('consistent').describe('how a key finds its shard'),
    shards: z.int().min(1).max(8).default(3).describe('servers that hold keys at first'),
    keys: z.int().min(1).max(5_000_000).default(1000).describe('products in the catalogue, all of them cached'),
    exponent: z.number().min(0).max(5).default(0.6).describe('Zipf exponent of the reads; 0 is uniform'),
    ttlMs: ttlParameter(600_000),
    recomputeMs: recomputeParameter(20),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue(p, { stock: 100, preloadKeys: p.keys }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [{ operation: 'read-item', weight: 1, keys: { kind: 'zipf', keys: p.keys, exponent: p.exponent } }],
      users: 10_000,
    },
    ttlMs: p.ttlMs,
    timeoutMs: p.timeoutMs,
    store: { id: 'redis-shards', parameters: { placement: p.placement, shards: p.shards, spares: 1 } },
    events: [
      { fault: 'reshard', atMs: (p.durationSec * 1000) / 3, durationMs: 0, parameters: { shards: p.shards + 1 } },
      { fault: 'reshard', atMs: (p.durationSec * 2000) / 3, durationMs: 0, parameters: { shards: p.shards } },
    ],
  }),
});
