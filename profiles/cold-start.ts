/**
 * A cache that comes back empty while the traffic goes on: a restart after a crash or an upgrade, a failover to an
 * empty replica, a flush by mistake. The hit ratio falls to nothing in a moment, and the database, sized for the few
 * misses of a warm cache, gets all reads until the cache has filled again.
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
  id: 'cold-start',
  title: 'The cache comes back empty under load',
  prose:
    'Reads only, Poisson arrivals at a steady rate over a catalogue with a Zipf distribution, all of it in the cache ' +
    'and far from its TTL. In the middle of the run Redis is restarted without its data, or flushed. Stands for a ' +
    'crash, an upgrade or a failover of the cache at a busy hour. What to look at: the peak rate of the database, the ' +
    'time to recovery, and the p99 after the strike. Coordination inside the service helps with the most popular keys ' +
    'only: the long tail is loaded key by key, whatever the defence.',
  parameters: z.object({
    ...steadyParameters,
    keys: z.int().min(1).max(5_000_000).default(2000).describe('products in the catalogue, all cached at first'),
    exponent: z.number().min(0).max(5).default(0.9).describe('Zipf exponent of the reads; 0 is uniform'),
    how: z.enum(['restart', 'flush']).default('restart').describe('restart: away for a moment, then empty'),
    atShare: z.number().min(0.05).max(0.9).default(0.35).describe('when it strikes, as a share of the recorded part'),
    ttlMs: ttlParameter(600_000),
    recomputeMs: recomputeParameter(30),
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
    events: [{ fault: `redis-${p.how}`, atMs: Math.round(p.durationSec * 1000 * p.atShare), durationMs: 0 }],
    timeoutMs: p.timeoutMs,
  }),
});
