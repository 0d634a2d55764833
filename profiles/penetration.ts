/**
 * Requests for things that do not exist: a scraper that counts through ids, links to deleted products, an attack with
 * made-up keys. A cache that stores only what it finds never has an answer for them, so each goes through to the
 * database, however large the cache is.
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
  id: 'penetration',
  title: 'A share of the reads asks for what does not exist',
  prose:
    'Reads only, Poisson arrivals at a steady rate. Most follow a Zipf distribution over the products that exist, all ' +
    'of them cached; 30 % ask evenly for numbers behind the last product. "Not there" (404) is the right answer for ' +
    'those, and the wrong one for a product that exists. Stands for scrapers, dead links and made-up ids (cache ' +
    'penetration). Run it with nothing, with negative-cache and with bloom-filter: a marker helps as far as the same ' +
    'absent keys are asked for again (`absentKeys`), a filter whatever they are.',
  parameters: z.object({
    ...steadyParameters,
    keys: z.int().min(1).max(5_000_000).default(1000).describe('products that exist'),
    exponent: z.number().min(0).max(5).default(0.9).describe('Zipf exponent of the reads of existing products'),
    absentShare: z.number().min(0).max(1).default(0.3).describe('share of reads that ask for what does not exist'),
    absentKeys: z
      .int()
      .min(1)
      .max(900_000_000)
      .default(2000)
      .describe('different keys that do not exist; many, and none is asked for twice'),
    ttlMs: ttlParameter(60_000),
    recomputeMs: recomputeParameter(20),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue(p, { stock: 100, preloadKeys: p.keys }),
    traffic: {
      arrivals: 'poisson',
      segments: steady(p),
      operations: [
        {
          operation: 'read-item',
          weight: 1,
          absentFromKey: p.keys,
          keys: {
            kind: 'mixture',
            parts: [
              { weight: 1 - p.absentShare, stream: { kind: 'zipf', keys: p.keys, exponent: p.exponent } },
              {
                weight: p.absentShare,
                stream: { kind: 'offset', by: p.keys, stream: { kind: 'uniform', keys: p.absentKeys } },
              },
            ],
          },
        },
      ],
      users: 10_000,
    },
    ttlMs: p.ttlMs,
    timeoutMs: p.timeoutMs,
  }),
});
