/** Parameters and segments that several profiles share, so that they are named and bounded alike everywhere. */
import { z } from 'zod';
import type { ArrivalSegment } from '../../harness/contract/load.ts';

/** Warm-up and the client's patience. */
export const latencyParameters = {
  warmUpSec: z.number().min(0).max(3600).default(2).describe('traffic before the recorded part, in no figure'),
  timeoutMs: z.int().min(1).max(120_000).default(5000).describe('how long a client waits for an answer'),
};

/** A warm-up and one recorded stretch, both at the same rate. */
export function steady(p: { ratePerSec: number; durationSec: number; warmUpSec: number }): ArrivalSegment[] {
  return [...warmUp(p.warmUpSec, p.ratePerSec), segment('steady', p.durationSec, p.ratePerSec)];
}

/** The warm-up, or nothing where its length is zero. */
export function warmUp(seconds: number, ratePerSec: number): ArrivalSegment[] {
  return seconds > 0 ? [{ ...segment('warm-up', seconds, ratePerSec), recorded: false }] : [];
}

/** A recorded stretch whose rate goes in a straight line from one value to another. */
export function segment(
  name: string,
  seconds: number,
  fromRatePerSec: number,
  toRatePerSec = fromRatePerSec,
): ArrivalSegment {
  return { name, durationMs: seconds * 1000, fromRatePerSec, toRatePerSec, recorded: true };
}
