/**
 * A cache that is smaller than what is asked for: Redis is given a limit and has to choose what to throw out. Which
 * policy chooses well depends on how skewed the reads are, and a bill for memory hangs on the answer.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import {
  catalogue,
  latencyParameters,
  payloadParameter,
  plain,
  recomputeParameter,
  steady,
  steadyParameters,
  ttlParameter,
} from './shared/parameters.ts';

const POLICIES = ['allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-ttl', 'noeviction'] as const;

export default defineProfile({
  id: 'eviction-pressure',
  title: 'The cache is smaller than the catalogue',
  prose:
    'Reads only, Poisson arrivals at a steady rate, Zipf over a catalogue that is several times as large as the ' +
    'memory that Redis is given (maxmemory). Redis evicts by the chosen policy; with noeviction it refuses what is ' +
    'new, and every read of a key that is not in it goes to the database for good. Repeat it with exponents 0.6, 0.9 ' +
    'and 1.2 and with several limits for the hit ratio over memory: `npm run bench -- eviction` does. Stands for a ' +
    'cache that was not grown with its data. Redis approximates LRU and LFU by samples, so figures differ from the ' +
    'textbook. An empty Redis uses about 1 MB, which counts towards the limit. The settings are put back afterwards.',
  parameters: z.object({
    ...steadyParameters,
    maxmemoryKb: z.int().min(1024).max(100_000_000).default(4096).describe('memory limit of Redis in KiB'),
    policy: z.enum(POLICIES).default('allkeys-lru').describe('whom Redis evicts'),
    keys: z.int().min(1).max(5_000_000).default(5000).describe('products in the catalogue'),
    exponent: z.number().min(0).max(5).default(0.9).describe('Zipf exponent of the reads; 0 is uniform'),
    payloadBytes: payloadParameter(2000),
    ttlMs: ttlParameter(600_000),
    recomputeMs: recomputeParameter(5),
    ...latencyParameters,
    // Until it has been full for a while, a cache shows how it fills and not how it evicts.
    warmUpSec: latencyParameters.warmUpSec.default(10),
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue(p, { stock: 100, preloadKeys: 0, payloadBytes: p.payloadBytes }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [{ operation: 'read-item', weight: 1, keys: { kind: 'zipf', keys: p.keys, exponent: p.exponent } }],
      users: 10_000,
    },
    ttlMs: p.ttlMs,
    timeoutMs: p.timeoutMs,
    redisConfig: { 'maxmemory-policy': p.policy, maxmemory: `${p.maxmemoryKb * 1024}` },
  }),
});
