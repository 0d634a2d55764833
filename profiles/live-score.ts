/**
 * A match that a million people follow: one writer changes the score now and then, everybody else reads it all the time,
 * and an old score on the screen is what they notice. What matters is not the rate but how old what they see is.
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
  id: 'live-score',
  title: 'One writer, many readers',
  prose:
    'Reads of one item at a steady rate, and now and then a write of the same item. Compare with --write ' +
    'write-around,invalidate-after-write,write-through: with the TTL alone readers see the old score for up to its ' +
    'length, with an invalidation for as long as a load takes, with write-through hardly at all.',
  parameters: z.object({
    ...steadyParameters,
    writesPerSec: z.number().min(0).max(1_000).default(1).describe('how often the score changes'),
    ttlMs: ttlParameter(2_000),
    recomputeMs: recomputeParameter(40),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue({ keys: 1, recomputeMs: p.recomputeMs }, { stock: 0, preloadKeys: 0 }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [
        { operation: 'read-item', weight: p.ratePerSec, keys: { kind: 'single', key: 0 } },
        { operation: 'write-item', weight: p.writesPerSec, keys: { kind: 'single', key: 0 } },
      ],
      users: 10_000,
    },
    ttlMs: p.ttlMs,
    hotKey: { key: 0, share: 1 },
    timeoutMs: p.timeoutMs,
  }),
});
