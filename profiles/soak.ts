/**
 * Hours at a steady rate: leaks of memory, connections that are never given back, and a p99 that creeps up do not show
 * in a minute, and bring a service down on the third night after a release.
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
  id: 'soak',
  title: 'Hours at a steady rate',
  prose:
    'Reads with a few writes at a moderate, steady rate, Poisson arrivals, Zipf over a catalogue that fits into the ' +
    'cache, for two hours. Straight lines (least squares) through the samples after the settling time say what grows ' +
    'per hour: memory of the service and of Redis, connections to both servers, and the p99. Stands for a release ' +
    'that is left running. Set thresholds on drift.serviceMemory and its kin. In a run of minutes these figures are ' +
    'extrapolated a long way: a cache that is still filling looks like a leak.',
  parameters: z.object({
    ...steadyParameters,
    ratePerSec: steadyParameters.ratePerSec.default(200),
    durationSec: steadyParameters.durationSec.default(7200),
    settleShare: z.number().min(0).max(0.9).default(0.2).describe('share of the run at its start that is left out'),
    writeShare: z.number().min(0).max(1).default(0.03).describe('share of requests that write'),
    keys: z.int().min(1).max(5_000_000).default(2000).describe('products in the catalogue'),
    exponent: z.number().min(0).max(5).default(1).describe('Zipf exponent; 0 is uniform'),
    ttlMs: ttlParameter(30_000),
    recomputeMs: recomputeParameter(20),
    ...latencyParameters,
  }),
  shape: (p) => {
    const keys = { kind: 'zipf', keys: p.keys, exponent: p.exponent } as const;
    return {
      ...plain,
      dataset: catalogue(p, { stock: 100, preloadKeys: p.keys }),
      traffic: {
        arrivals: 'poisson',
        segments: steady(p),
        operations: [
          { operation: 'read-item', weight: 1 - p.writeShare, keys },
          { operation: 'write-item', weight: p.writeShare, keys },
        ],
        users: 10_000,
      },
      ttlMs: p.ttlMs,
      timeoutMs: p.timeoutMs,
      study: { kind: 'drift', settleShare: p.settleShare },
    };
  },
});
