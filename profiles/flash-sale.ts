/**
 * A flash sale: a crowd waits for the minute, then comes within a second for a hundred units of one product. What
 * matters is not only speed: not one unit may be sold twice and no confirmed order may be lost.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import {
  catalogue,
  latencyParameters,
  recomputeParameter,
  segment,
  ttlParameter,
  warmUp,
} from './shared/parameters.ts';

export default defineProfile({
  id: 'flash-sale',
  title: 'A crowd, a hundred units, one second',
  prose:
    'Calm browsing, then the arrival rate steps up within a second, as in published flash sales (up to four times the ' +
    'baseline on a whole platform, far more on one item). Most requests go to the one product on sale: people look at ' +
    'its page and try to buy, with a limit for each user. After the rush the rate falls back. Stock must be counted ' +
    'exactly: orders never exceed units, and what was confirmed is in the database.',
  parameters: z.object({
    baselinePerSec: z.number().positive().max(200_000).default(80).describe('requests per second before and after'),
    peakPerSec: z.number().positive().max(200_000).default(400).describe('requests per second in the rush'),
    calmSec: z.number().positive().max(86_400).default(3).describe('recorded time before the sale opens'),
    stepSec: z.number().positive().max(60).default(0.5).describe('time in which the rate goes from baseline to peak'),
    rushSec: z.number().positive().max(86_400).default(8).describe('length of the rush'),
    endSec: z.number().positive().max(86_400).default(3).describe('recorded time after the rush'),
    users: z.int().min(1).max(100_000_000).default(10_000).describe('people in the crowd'),
    units: z.int().min(0).max(10_000_000).default(100).describe('units for sale'),
    purchasesPerUser: z.int().min(1).max(1_000_000).default(1).describe('purchases that one user may make'),
    perUserPerSec: z
      .number()
      .min(0)
      .max(10_000)
      .default(0)
      .describe('how often one user may try to buy per second, by a count in Redis; 0 for as often as they like'),
    buyShare: z.number().min(0).max(1).default(0.3).describe('share of requests that try to buy'),
    saleShare: z.number().min(0).max(1).default(0.9).describe('share of page views that go to the product on sale'),
    keys: z.int().min(2).max(5_000_000).default(500).describe('products in the catalogue'),
    ttlMs: ttlParameter(2000),
    recomputeMs: recomputeParameter(40),
    stock: z.string().default('script').describe('stock strategy, by name (see `list stock`) or file'),
    ...latencyParameters,
  }),
  shape: (p) => ({
    dataset: catalogue(p, { stock: p.units, preloadKeys: 0 }),
    traffic: {
      arrivals: 'poisson',
      segments: [
        ...warmUp(p.warmUpSec, p.baselinePerSec),
        segment('calm', p.calmSec, p.baselinePerSec),
        segment('opening', p.stepSec, p.baselinePerSec, p.peakPerSec),
        segment('rush', p.rushSec, p.peakPerSec),
        segment('closing', p.stepSec, p.peakPerSec, p.baselinePerSec),
        segment('end', p.endSec, p.baselinePerSec),
      ],
      operations: [
        {
          operation: 'read-item',
          weight: 1 - p.buyShare,
          keys: { kind: 'hot-set', keys: p.keys, hotKeys: 1, hotShare: p.saleShare },
        },
        {
          operation: 'purchase',
          weight: p.buyShare,
          keys: { kind: 'single', key: 0 },
          // Before the sale opens there is nothing to buy.
          segments: ['opening', 'rush', 'closing', 'end'],
        },
      ],
      users: p.users,
    },
    ttlMs: p.ttlMs,
    events: [],
    checks: ['identity', 'no-oversell', 'no-lost-order', 'stock-adds-up', 'limit-per-user'],
    // The rate is not steady, so there is no one prediction to hold the loads against.
    hotKey: null,
    timeoutMs: p.timeoutMs,
    stock: p.stock,
    purchasesPerUser: p.purchasesPerUser,
    ...(p.perUserPerSec > 0 && { perUserPerSec: p.perUserPerSec }),
  }),
});
