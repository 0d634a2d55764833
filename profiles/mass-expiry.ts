/**
 * A cache that was filled all at once: after a deployment, a nightly import or a flush, thousands of keys carry the
 * same TTL and end at the same moment. 29 of the 53 clusters in Twitter's public cache traces use one fixed TTL for at
 * least 95 % of their writes.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import {
  catalogue,
  latencyParameters,
  recomputeParameter,
  steady,
  steadyParameters,
  ttlParameter,
} from './shared/parameters.ts';

export default defineProfile({
  id: 'mass-expiry',
  title: 'Many keys loaded together expire together',
  prose:
    'All keys are put into the cache at one moment with one TTL, then read with a Zipf distribution at a steady rate, ' +
    'Poisson arrivals. When the TTL ends, the hit ratio falls to nothing and the database gets the whole rate until ' +
    'the cache has filled again. Stands for a cache that was warmed in bulk. Jitter is the defence to hold against it.',
  parameters: z.object({
    ...steadyParameters,
    keys: z.int().min(1).max(5_000_000).default(1000).describe('keys that are loaded together'),
    exponent: z.number().min(0).max(5).default(0.8).describe('Zipf exponent of the reads; 0 is uniform'),
    ttlMs: ttlParameter(6000),
    recomputeMs: recomputeParameter(30),
    ...latencyParameters,
  }),
  shape: (p) => ({
    dataset: catalogue(p, { stock: 100, preloadKeys: p.keys }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [{ operation: 'read-item', weight: 1, keys: { kind: 'zipf', keys: p.keys, exponent: p.exponent } }],
      users: 10_000,
    },
    ttlMs: p.ttlMs,
    events: [],
    checks: ['identity'],
    hotKey: null,
    timeoutMs: p.timeoutMs,
    stock: null,
    purchasesPerUser: null,
  }),
});
