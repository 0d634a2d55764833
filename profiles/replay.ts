/**
 * A team's own trace, or a public one, sent again with its bursts and its hot minutes, which no distribution has. The
 * one profile whose shape reads a file: what the traffic is stands there and nowhere else.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { HarnessError } from '../harness/contract/errors.ts';
import type { ArrivalSegment } from '../harness/contract/load.ts';
import { defineProfile } from '../harness/contract/profile.ts';
import { readTrace, type Trace } from '../harness/kit/trace-file.ts';
import { catalogue, latencyParameters, plain, recomputeParameter } from './shared/parameters.ts';

export default defineProfile({
  id: 'replay',
  title: 'A recorded trace, sent again',
  prose:
    'Times, keys and operations come from a file: CSV with a header line (time in seconds, key, operation, size, ttl) ' +
    "or without one in the format of Twitter's public cache traces. get and gets read an item, everything else writes " +
    'it. Keys are numbered in order of appearance. Requests of one whole second are spread evenly over it. The TTL is ' +
    'the one that most writes carry, the size the mean of the values. With speed=2 everything takes half the time, ' +
    'the TTL included. Stands for the real traffic of a day; what the file does not hold, such as the price of a load, ' +
    'is set here.',
  parameters: z.object({
    file: z.string().default('').describe('the trace; needed'),
    speed: z.number().min(0.001).max(10_000).default(1).describe('2 replays in half the time'),
    maxRequests: z.int().min(1).max(20_000_000).default(1_000_000).describe('requests at most, from the start'),
    keys: z
      .int()
      .min(0)
      .max(5_000_000)
      .default(0)
      .describe('products in the catalogue, into which the keys are folded; 0 for as many as the trace has keys'),
    payloadBytes: z.int().min(0).max(10_000_000).default(0).describe('size of an item; 0 for the mean of the trace'),
    ttlMs: z.int().min(0).max(86_400_000).default(0).describe('TTL of cached values; 0 for the one of the trace'),
    recomputeMs: recomputeParameter(10),
    warmUpSec: latencyParameters.warmUpSec.default(0).describe('start of the replay that is in no figure'),
    timeoutMs: latencyParameters.timeoutMs,
  }),
  shape: (p) => {
    if (p.file === '')
      throw new HarnessError('BAD_PARAMETER', 'replay needs a trace', { hint: '--set file=trace.csv' });
    const file = resolve(p.file);
    const trace = readTrace(file, p.maxRequests);
    const keys = p.keys > 0 ? p.keys : trace.distinctKeys;
    const stream = { kind: 'uniform', keys } as const;
    const writeShare = trace.writeCount / trace.writes.length;
    const traceTtlMs =
      trace.ttlSec === null ? 60_000 : Math.min(86_400_000, Math.max(50, (trace.ttlSec * 1000) / p.speed));
    const payloadBytes = p.payloadBytes > 0 ? p.payloadBytes : Math.round(trace.valueBytes ?? 0);
    return {
      ...plain,
      dataset: catalogue({ ...p, keys }, { stock: 100, preloadKeys: 0, ...(payloadBytes > 0 && { payloadBytes }) }),
      traffic: {
        arrivals: 'constant',
        segments: segmentsOf(trace, p.speed, p.warmUpSec * 1000),
        operations: [
          { operation: 'read-item', weight: 1 - writeShare, keys: stream },
          { operation: 'write-item', weight: writeShare, keys: stream },
        ],
        users: 10_000,
        replay: { file, speed: p.speed, maxRequests: p.maxRequests, keys },
      },
      ttlMs: p.ttlMs > 0 ? p.ttlMs : Math.round(traceTtlMs),
      timeoutMs: p.timeoutMs,
    };
  },
});

/** The warm-up and the recorded part, with their mean rates. */
function segmentsOf(trace: Trace, speed: number, warmUpMs: number): ArrivalSegment[] {
  const totalMs = trace.durationMs / speed;
  if (warmUpMs >= totalMs)
    throw new HarnessError('BAD_PARAMETER', `the trace lasts ${Math.round(totalMs)} ms at this speed`, {
      hint: 'make warmUpSec or speed smaller',
    });
  const warm = trace.atMs.findIndex((atMs) => atMs / speed >= warmUpMs);
  const part = (name: string, count: number, durationMs: number, recorded: boolean): ArrivalSegment => {
    const ratePerSec = (count * 1000) / durationMs;
    return { name, durationMs, fromRatePerSec: ratePerSec, toRatePerSec: ratePerSec, recorded };
  };
  return [
    ...(warmUpMs > 0 ? [part('warm-up', warm, warmUpMs, false)] : []),
    part('replay', trace.atMs.length - warm, totalMs - warmUpMs, true),
  ];
}
