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
    'Reads only, Poisson arrivals at a steady rate, Zipf over a catalogue. A miss is real work in the database and no ' +
    'waiting: a page gathers its best reviews and ranks its product, within its aisle of ten (page=aisle, which an index ' +
    'makes a matter of a few rows) or within the whole catalogue (page=catalogue, which no index helps). With ' +
    'index=false the database has no index on the reviews of a product and walks over all of them. In the middle of the ' +
    'run the cache is flushed: what the hit ratio had hidden comes all at once. Compare sizes with ' +
    '--vary reviewsPerProduct=10,40,160 or keys=…, and --vary index=true,false. The next run that has the index puts it back.',
  parameters: z.object({
    ...steadyParameters,
    ratePerSec: steadyParameters.ratePerSec.default(100),
    durationSec: steadyParameters.durationSec.default(12),
    keys: z.int().min(1).max(1_000_000).default(1000).describe('products in the catalogue'),
    reviewsPerProduct: z.int().min(1).max(10_000).default(100).describe('rows of reviews for each product'),
    page: z.enum(['aisle', 'catalogue']).default('aisle').describe('what a product is ranked within'),
    index: z.boolean().default(true).describe('whether the reviews have an index by product'),
    exponent: z.number().min(0).max(5).default(0.9).describe('Zipf exponent of the reads; 0 is uniform'),
    flush: z.boolean().default(true).describe('whether the cache is flushed in the middle'),
    ttlMs: ttlParameter(600_000),
    ...latencyParameters,
    warmUpSec: latencyParameters.warmUpSec.default(5),
  }),
  shape: (p) => ({
    ...plain,
    dataset: {
      products: p.keys,
      reviewsPerProduct: p.reviewsPerProduct,
      reviewsIndex: p.index,
      stock: 100,
      cost: p.page === 'aisle' ? { kind: 'wait', waitMs: 0 } : { kind: 'cpu' },
      // Without the index, loading all of them at once would take longer than the service waits.
      preloadKeys: 0,
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
