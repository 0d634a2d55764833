/**
 * The data behind a cache grow while the cache stays as it is. A hit costs what it always did; a miss costs more with
 * every row, and without an index it costs the whole table. The cache hides it until it is empty.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { latencyParameters, plain, steady, steadyParameters, ttlParameter } from './shared/parameters.ts';

export default defineProfile({
  id: 'catalogue-growth',
  title: 'The data behind the cache grow',
  prose:
    'Reads only, Poisson arrivals at a steady rate, Zipf over a catalogue. A miss is real work in the database: a page ' +
    'ranks its product within the whole catalogue and gathers its best reviews, so that it grows with products and with ' +
    'reviews per product. With index=false the database has no index on the reviews of a product and walks over all of ' +
    'them. In the middle of the run the cache is flushed: what the hit ratio had hidden comes all at once. Compare sizes ' +
    'with --vary reviewsPerProduct=10,40,160 or keys=…, and --vary index=true,false. The index is put back by the next run that has it.',
  parameters: z.object({
    ...steadyParameters,
    ratePerSec: steadyParameters.ratePerSec.default(100),
    durationSec: steadyParameters.durationSec.default(12),
    keys: z.int().min(1).max(1_000_000).default(300).describe('products in the catalogue'),
    reviewsPerProduct: z.int().min(1).max(10_000).default(40).describe('rows of reviews for each product'),
    index: z.boolean().default(true).describe('whether the reviews have an index by product'),
    exponent: z.number().min(0).max(5).default(0.9).describe('Zipf exponent of the reads; 0 is uniform'),
    flush: z.boolean().default(true).describe('whether the cache is flushed in the middle'),
    ttlMs: ttlParameter(600_000),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: {
      products: p.keys,
      reviewsPerProduct: p.reviewsPerProduct,
      reviewsIndex: p.index,
      stock: 100,
      cost: { kind: 'cpu' },
      preloadKeys: p.keys,
    },
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [{ operation: 'read-item', weight: 1, keys: { kind: 'zipf', keys: p.keys, exponent: p.exponent } }],
      users: 10_000,
    },
    ttlMs: p.ttlMs,
    timeoutMs: p.timeoutMs,
    events: p.flush ? [{ fault: 'redis-flush', atMs: (p.durationSec * 1000) / 2, durationMs: 0 }] : [],
  }),
});
