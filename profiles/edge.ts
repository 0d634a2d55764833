/**
 * Most reads of a public page never reach the service: an HTTP cache in front answers them. What that saves, and what it
 * costs where pages change, since nobody tells the edge of a write.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import {
  catalogue,
  latencyParameters,
  payloadParameter,
  plain,
  readsAndWrites,
  recomputeParameter,
  steadyParameters,
  ttlParameter,
} from './shared/parameters.ts';

export default defineProfile({
  id: 'edge',
  title: 'Product pages behind an HTTP cache',
  prose:
    'Poisson arrivals at a steady rate, a Zipf distribution over a catalogue, a few requests in a hundred are edits of ' +
    'the same pages. nginx stands in front as a CDN would and obeys the Cache-Control of the service: s-maxage is how ' +
    'long it shows a page unasked, stale-while-revalidate how long after that it shows the old page while it fetches ' +
    'the new one, and an ETag makes renewing an unchanged page an empty 304. No edit purges it, so that readers are ' +
    'behind by up to both times together. Compare with --edge none,nginx and --vary edge.sMaxAgeSec=1,5: requests and ' +
    'bytes that reach the service, 304s, stale reads and latency.',
  parameters: z.object({
    ...steadyParameters,
    ratePerSec: steadyParameters.ratePerSec.default(300),
    keys: z.int().min(1).max(1_000_000).default(200).describe('products in the catalogue'),
    exponent: z.number().min(0).max(5).default(0.9).describe('Zipf exponent of the keys'),
    writeShare: z.number().min(0).max(1).default(0.02).describe('share of requests that write'),
    payloadBytes: payloadParameter(8000),
    ttlMs: ttlParameter(10_000),
    recomputeMs: recomputeParameter(20),
    ...latencyParameters,
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue(p, { stock: 100, preloadKeys: 0, payloadBytes: p.payloadBytes }),
    traffic: readsAndWrites(p),
    ttlMs: p.ttlMs,
    checks: ['identity', 'no-lost-write'],
    timeoutMs: p.timeoutMs,
    edge: 'nginx',
  }),
});
