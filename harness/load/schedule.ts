/** The times of a plan's segments: where the recorded part begins and ends, and which segment is on. */
import type { ArrivalSegment } from '../contract/load.ts';

export interface Schedule {
  totalMs: number;
  /** Start of the first recorded segment, ms from the start of the load. */
  recordedFromMs: number;
  /** End of the last recorded segment. */
  recordedToMs: number;
  segmentStartsMs: number[];
}

export function scheduleOf(segments: readonly ArrivalSegment[]): Schedule {
  let totalMs = 0;
  const segmentStartsMs = segments.map((segment) => (totalMs += segment.durationMs) - segment.durationMs);
  const first = segments.findIndex((segment) => segment.recorded);
  const last = segments.findLastIndex((segment) => segment.recorded);
  return {
    totalMs,
    segmentStartsMs,
    recordedFromMs: segmentStartsMs[first] ?? totalMs,
    recordedToMs: last < 0 ? totalMs : segmentStartsMs[last]! + segments[last]!.durationMs,
  };
}

/** The index of the segment at a time; the last one after the end. */
export function segmentAt(schedule: Schedule, atMs: number): number {
  return Math.max(
    0,
    schedule.segmentStartsMs.findLastIndex((startMs) => startMs <= atMs),
  );
}
