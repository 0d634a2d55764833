/**
 * A product page is made of parts: the text changes once a month, the reviews a few times a day, the price now and
 * then, the stock with every sale. One TTL for all of it is wrong for each.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { catalogue, latencyParameters, plain, steady, steadyParameters } from './shared/parameters.ts';

export default defineProfile({
  id: 'product-page',
  title: 'A product page in parts',
  prose:
    'Reads of products with a Zipf distribution. Each part has its own TTL, in scaled time: details an hour, ' +
    'reviews fifteen minutes, price five minutes, stock never cached. Compare with --vary product- ' +
    'parts.strategy=whole,parts: loads and latency.',
  parameters: z.object({
    ...steadyParameters,
    products: z.int().min(1).max(1000000).default(200).describe('products in the catalogue'),
    exponent: z.number().min(0).max(5).default(0.8).describe('Zipf exponent of the keys'),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue({ keys: p.products, recomputeMs: 0 }, { stock: 100, preloadKeys: 0 }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [
        { operation: 'read-item', weight: 1, keys: { kind: 'zipf', keys: p.products, exponent: p.exponent } },
      ],
      users: 10_000,
    },
    ttlMs: 60_000,
    timeoutMs: p.timeoutMs,
    workload: { id: 'product-parts' },
  }),
});
