/**
 * How much it takes until it breaks: before a campaign, a team wants to know the rate at which the service no longer
 * answers in time. The rate grows in a straight line and does not wait for answers, so that a service that falls
 * behind is not spared by a generator that falls behind with it.
 */
import { z } from 'zod';
import { defineProfile } from '../harness/contract/profile.ts';
import {
  catalogue,
  latencyParameters,
  plain,
  recomputeParameter,
  segment,
  ttlParameter,
  warmUp,
} from './shared/parameters.ts';

export default defineProfile({
  id: 'breakpoint',
  title: 'The rate grows until the limit breaks',
  prose:
    'Reads only, Poisson arrivals whose rate grows in a straight line, Zipf over a catalogue with a short TTL, so that ' +
    'the database is asked all the time. The rule: in each window (one second) the limit holds while the p99 from the ' +
    'intended send is at most limitMs and at most maxFailedShare of the requests erred, was shed or dropped; it is ' +
    'broken at the first of two windows in a row in which it does not. The measure rate.held is the highest rate ' +
    'before that, rate.brokeAt the rate at which it broke, unknown where the ramp ended first. A ramp overstates what ' +
    'is held for long, since queues take time to grow: the slower, the truer.',
  parameters: z.object({
    fromPerSec: z.number().positive().max(200_000).default(100).describe('rate at the start of the ramp'),
    toPerSec: z.number().positive().max(200_000).default(2500).describe('rate at its end'),
    durationSec: z.number().positive().max(86_400).default(40).describe('length of the ramp'),
    limitMs: z.number().positive().max(60_000).default(250).describe('limit on the p99 of a window'),
    maxFailedShare: z.number().min(0).max(1).default(0.01).describe('share of requests of a window that may fail'),
    windowSec: z.number().min(0.1).max(600).default(1).describe('length of a window'),
    keys: z.int().min(1).max(5_000_000).default(5000).describe('products in the catalogue'),
    exponent: z.number().min(0).max(5).default(0.6).describe('Zipf exponent of the reads; 0 is uniform'),
    ttlMs: ttlParameter(3000),
    recomputeMs: recomputeParameter(30),
    warmUpSec: latencyParameters.warmUpSec,
    timeoutMs: latencyParameters.timeoutMs.default(2000),
  }),
  shape: (p) => ({
    ...plain,
    dataset: catalogue(p, { stock: 100, preloadKeys: 0 }),
    traffic: {
      arrivals: 'poisson',
      segments: [...warmUp(p.warmUpSec, p.fromPerSec), segment('ramp', p.durationSec, p.fromPerSec, p.toPerSec)],
      operations: [{ operation: 'read-item', weight: 1, keys: { kind: 'zipf', keys: p.keys, exponent: p.exponent } }],
      users: 10_000,
    },
    ttlMs: p.ttlMs,
    timeoutMs: p.timeoutMs,
    study: { kind: 'breakpoint', windowMs: p.windowSec * 1000, p99Ms: p.limitMs, maxFailedShare: p.maxFailedShare },
  }),
});
