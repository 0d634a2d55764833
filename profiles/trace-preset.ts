/**
 * Workloads with the figures of published production traces, for everyone who has no trace of their own: most made-up
 * benchmarks have too few writes, too even keys and values of the wrong size.
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
} from './shared/parameters.ts';
import { TRACE_PRESETS, type TracePreset } from './shared/trace-presets.ts';

const presets = Object.keys(TRACE_PRESETS) as (keyof typeof TRACE_PRESETS)[];

export default defineProfile({
  id: 'trace-preset',
  title: 'A workload as production traces describe it',
  prose:
    'Reads and writes with a Zipf distribution, Poisson arrivals at a steady rate, with exponent, write share, value ' +
    `size and TTL of a preset (--set preset=NAME) from Twitter's public cache traces. ` +
    `${presets.map((name) => `${name}: ${TRACE_PRESETS[name].about}.`).join(' ')} ` +
    'All keys are cached at the start, as in a cluster that has run for long; keys of unpopular ranks that a write ' +
    'invalidates are read again late or never. Flash sales, mass expiry and penetration are profiles of their own.',
  parameters: z.object({
    preset: z.enum(presets).default('catalogue').describe('whose figures to take'),
    ...steadyParameters,
    keys: z.int().min(1).max(5_000_000).default(5000).describe('keys; real clusters have millions'),
    ttlMs: z.int().min(0).max(86_400_000).default(0).describe('TTL of cached values; 0 for the one of the preset'),
    recomputeMs: recomputeParameter(10),
    ...latencyParameters,
  }),
  shape: (p) => {
    const preset: TracePreset = TRACE_PRESETS[p.preset];
    const keys = { kind: 'zipf', keys: p.keys, exponent: preset.zipfExponent } as const;
    return {
      ...plain,
      dataset: catalogue(p, { stock: 100, preloadKeys: p.keys, payloadBytes: preset.valueBytes }),
      traffic: {
        arrivals: 'poisson',
        segments: steady(p),
        operations: [
          { operation: 'read-item', weight: 1 - preset.writeShare, keys },
          { operation: 'write-item', weight: preset.writeShare, keys },
        ],
        users: 10_000,
      },
      ttlMs: p.ttlMs > 0 ? p.ttlMs : preset.ttlSec * 1000,
      timeoutMs: p.timeoutMs,
    };
  },
});
