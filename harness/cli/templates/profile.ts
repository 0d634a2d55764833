/** What `cachequake new profile` writes: traffic on one popular item among many, with two rates. */

/** @param id name of the file without its extension */
export function profileTemplate(id: string): string {
  return `// A profile of your own: what is in the database, what traffic comes and when, and what must hold. It is data and
// pure functions; nothing here starts or sends anything.
//
//   npx cachequake plan ./${id}.ts
//   npx cachequake run ./${id}.ts --set peakRatePerSec=600
import { defineProfile } from 'cachequake';
import { z } from 'zod';

export default defineProfile({
  // Equals the file's name.
  id: '${id}',
  title: 'A rush for a few items',
  prose:
    'Reads of a catalogue at a steady rate, then a rush that begins within a second and goes mostly to a few items, as ' +
    'after a mail to all customers.',
  parameters: z.object({
    keys: z.int().min(1).max(1_000_000).default(500).describe('items in the catalogue'),
    ratePerSec: z.number().positive().max(50_000).default(100).describe('requests per second before the rush'),
    peakRatePerSec: z.number().positive().max(50_000).default(300).describe('requests per second in the rush'),
    ttlMs: z.int().min(50).max(86_400_000).default(2000).describe('TTL of cached values'),
    recomputeMs: z.number().min(0).max(60_000).default(30).describe('how long the database takes to make a value'),
    durationSec: z.number().positive().max(3600).default(8).describe('length of the recorded part'),
  }),
  shape: (p) => ({
    dataset: {
      products: p.keys,
      reviewsPerProduct: 20,
      stock: 0,
      cost: { kind: 'wait', waitMs: p.recomputeMs },
      // Keys that are in the cache before traffic starts.
      preloadKeys: 0,
    },
    traffic: {
      arrivals: 'poisson',
      segments: [
        { name: 'warm-up', durationMs: 2000, fromRatePerSec: p.ratePerSec, toRatePerSec: p.ratePerSec, recorded: false },
        {
          name: 'before',
          durationMs: (p.durationSec * 1000) / 4,
          fromRatePerSec: p.ratePerSec,
          toRatePerSec: p.ratePerSec,
          recorded: true,
        },
        {
          name: 'rush',
          durationMs: (p.durationSec * 3000) / 4,
          fromRatePerSec: p.peakRatePerSec,
          toRatePerSec: p.peakRatePerSec,
          recorded: true,
        },
      ],
      operations: [
        {
          operation: 'read-item',
          weight: 1,
          keys: { kind: 'hot-set', keys: p.keys, hotKeys: Math.min(5, p.keys), hotShare: 0.8 },
        },
      ],
      users: 10_000,
    },
    ttlMs: p.ttlMs,
    // Faults at a time, for example { fault: 'redis-down', atMs: 3000, durationMs: 1000 }.
    events: [],
    // Ids of checks that must hold: cachequake list checks.
    checks: ['identity'],
    hotKey: null,
    timeoutMs: 5000,
    stock: null,
    purchasesPerUser: null,
  }),
});
`;
}
