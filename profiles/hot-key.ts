/**
 * A front-page item: nearly all readers want the same thing, and its value is dear to make. Each time the value's TTL
 * ends, every reader that comes before the new value is there may ask the database for it: a stampede.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { latencyParameters, steady } from './shared/parameters.ts';

export default defineProfile({
  id: 'hot-key',
  title: 'One hot key that expires again and again',
  prose:
    'Reads only, Poisson arrivals at a steady rate. Nearly all go to one key (a front-page product, a live match, a ' +
    'celebrity), the rest evenly to the others. The value takes a fixed time to make and lives for a short TTL, so ' +
    'that the key expires several times in a short run. Stands for the stampede on one popular item.',
  parameters: z.object({
    ratePerSec: z.number().positive().max(200_000).default(400).describe('requests per second over all instances'),
    durationSec: z.number().positive().max(86_400).default(14).describe('length of the recorded part'),
    keys: z.int().min(1).max(5_000_000).default(100).describe('products in the catalogue'),
    hotShare: z.number().min(0).max(1).default(0.95).describe('share of reads that go to the hot key'),
    ttlMs: z.int().min(50).max(86_400_000).default(1500).describe('TTL of cached values'),
    recomputeMs: z
      .number()
      .min(0)
      .max(60_000)
      .default(60)
      .describe('how long the database takes to make a value (δ); 0 for real work instead of waiting'),
    ...latencyParameters,
  }),
  shape: (p) => ({
    dataset: {
      products: p.keys,
      reviewsPerProduct: 20,
      stock: 100,
      cost: p.recomputeMs > 0 ? { kind: 'wait', waitMs: p.recomputeMs } : { kind: 'cpu' },
      preloadKeys: 0,
    },
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
