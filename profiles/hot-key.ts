/**
 * A front-page item: nearly all readers want the same thing, and its value is dear to make. Each time the value's TTL
 * ends, every reader that comes before the new value is there may ask the database for it: a stampede.
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
  id: 'hot-key',
  title: 'One hot key that expires again and again',
  prose:
    'Reads only, Poisson arrivals at a steady rate. Nearly all go to one key (a front-page product, a live match, a ' +
    'celebrity), the rest evenly to the others. The value takes a fixed time to make and lives for a short TTL, so ' +
    'that the key expires several times in a short run. Stands for the stampede on one popular item.',
  parameters: z.object({
    ...steadyParameters,
    keys: z.int().min(1).max(5_000_000).default(100).describe('products in the catalogue'),
    hotShare: z.number().min(0).max(1).default(0.95).describe('share of reads that go to the hot key'),
    ttlMs: ttlParameter(1500),
    recomputeMs: recomputeParameter(60),
    ...latencyParameters,
  }),
  shape: (p) => ({
    dataset: catalogue(p, { stock: 100, preloadKeys: 0 }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [
        {
          operation: 'read-item',
          weight: 1,
          keys:
            p.keys === 1
              ? { kind: 'single', key: 0 }
              : { kind: 'hot-set', keys: p.keys, hotKeys: 1, hotShare: p.hotShare },
        },
      ],
      users: 10_000,
    },
    ttlMs: p.ttlMs,
    events: [],
    checks: ['identity'],
    hotKey: { key: 0, share: p.keys === 1 ? 1 : p.hotShare },
    timeoutMs: p.timeoutMs,
    stock: null,
    purchasesPerUser: null,
  }),
});
