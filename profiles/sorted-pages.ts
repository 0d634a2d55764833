/**
 * A shop’s list, cheapest first, in pages; prices change all the time. Sorting for every page is what the database
 * does all day, unless a job keeps the sorted list.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import { catalogue, latencyParameters, plain, steady, steadyParameters } from './shared/parameters.ts';

export default defineProfile({
  id: 'sorted-pages',
  title: 'Pages of a sorted list',
  prose:
    'Reads of pages (the first ones most) and changes of prices. Compare with --vary ' +
    'sorted-pages.strategy=query,job.',
  parameters: z.object({
    ...steadyParameters,
    pages: z.int().min(1).max(10000).default(250).describe('pages that are asked for'),
    writeShare: z.number().min(0).max(1).default(0.02).describe('share of requests that change a price'),
    exponent: z.number().min(0).max(5).default(0.8).describe('Zipf exponent of the keys'),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue({ keys: 1, recomputeMs: 0 }, { stock: 0, preloadKeys: 0 }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [
        {
          operation: 'list-page',
          weight: 1 - p.writeShare,
          keys: { kind: 'zipf', keys: p.pages, exponent: p.exponent },
        },
        { operation: 'write-item', weight: p.writeShare, keys: { kind: 'uniform', keys: 5000 } },
      ],
      users: 10_000,
    },
    ttlMs: 60_000,
    timeoutMs: p.timeoutMs,
    workload: { id: 'sorted-pages' },
  }),
});
