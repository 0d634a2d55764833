/**
 * The same few keys are read and written from all instances at once, and a load takes long enough for a write to come
 * between it and its fill. What is rare in production, and then lasts until the TTL ends, happens here in seconds.
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
  id: 'write-race',
  title: 'Reads and writes of the same few keys',
  prose:
    'Poisson arrivals at a steady rate, evenly over a few keys, a share of them writes; few users, so that the same user ' +
    'writes a key and reads it again. Loads are slow, and not all as slow, so that they overtake each other; the TTL is long beside ' +
    'them: a value that is filled late stays and is seen. Stands for prices and stock figures that are edited while ' +
    'everybody looks at them. Measures how old stale answers are, whether a key goes back, whether users miss their own ' +
    'writes, and whether acknowledged writes are lost.',
  parameters: z.object({
    ...steadyParameters,
    ratePerSec: steadyParameters.ratePerSec.default(150),
    durationSec: steadyParameters.durationSec.default(10),
    keys: z.int().min(1).max(100_000).default(8).describe('products that are read and written'),
    writeShare: z.number().min(0).max(1).default(0.08).describe('share of requests that write'),
    users: z.int().min(1).max(100_000_000).default(6).describe('people who write and read again'),
    ttlMs: ttlParameter(5000),
    recomputeMs: recomputeParameter(80),
    recomputeSpread: z
      .number()
      .min(0)
      .max(1)
      .default(0.9)
      .describe('share by which a load may be shorter or longer; at 0 nobody overtakes anybody'),
    ...latencyParameters,
  }),
  shape: (p) => ({
    dataset: {
      ...catalogue(p, { stock: 100, preloadKeys: 0 }),
      ...(p.recomputeMs > 0 && { cost: { kind: 'wait', waitMs: p.recomputeMs, spread: p.recomputeSpread } }),
    },
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [
        {
          operation: 'read-item',
          weight: 1 - p.writeShare,
          keys: { kind: 'uniform', keys: p.keys },
          recordVersions: true,
        },
        {
          operation: 'write-item',
          weight: p.writeShare,
          keys: { kind: 'uniform', keys: p.keys },
          recordVersions: true,
        },
      ],
      users: p.users,
    },
    ttlMs: p.ttlMs,
    events: [],
    checks: ['identity', 'no-lost-write'],
    // Writes end values at any time, so that expiries are not what is predicted.
    hotKey: null,
    timeoutMs: p.timeoutMs,
    stock: null,
    purchasesPerUser: null,
  }),
});
