/**
 * Where a ramp of the arrival rate breaks. The rule: time is cut into windows; a window fails when its p99 (from the
 * intended send) is above the limit, or when more than the allowed share of its requests erred, was shed or dropped;
 * the rate has broken at the first of two failed windows in a row, since one alone may be a pause of the machine.
 */
import type { ArrivalSegment } from '../contract/load.ts';
import { ERROR_OUTCOMES, type RequestOutcome } from '../contract/operation.ts';
import type { Evidence } from '../contract/verdict.ts';
import { bucketQuantile } from '../stats/quantile.ts';

export interface Breakpoint {
  /** Offered rate in the middle of the last window that held before it broke; 0 where none did. */
  heldPerSec: number;
  /** Offered rate in the middle of the first of the failed windows; null where it never broke. */
  brokeAtPerSec: number | null;
}

const IN_A_ROW = 2;

/** @returns null where the profile does not look for a breakpoint, or nothing was offered */
export function findBreakpoint(evidence: Evidence): Breakpoint | null {
  const { study } = evidence.plan;
  const { slots } = evidence.load;
  if (study?.kind !== 'breakpoint') return null;
  const perWindow = Math.max(1, Math.round(study.windowMs / slots.slotMs));
  const windowMs = perWindow * slots.slotMs;
  const failedNames = (Object.keys(slots.outcomes) as RequestOutcome[]).filter(
    (name) => name === 'shed' || ERROR_OUTCOMES.has(name),
  );
  let held = 0;
  let failedInRow = 0;
  let windows = 0;
  // What is left of a window at the end has too few requests to judge.
  for (let from = 0; from + perWindow <= slots.offered.length; from += perWindow) {
    const sum = (counts: readonly number[] | undefined): number =>
      (counts ?? []).slice(from, from + perWindow).reduce((total, count) => total + count, 0);
    const offered = sum(slots.offered);
    if (offered === 0) continue;
    windows += 1;
    const failed = sum(slots.dropped) + failedNames.reduce((total, name) => total + sum(slots.outcomes[name]), 0);
    const p99Us = p99Of(evidence, from, from + perWindow);
    const ratePerSec = plannedRate(evidence.plan.load.segments, from * slots.slotMs + windowMs / 2);
    if (failed / offered <= study.maxFailedShare && (p99Us ?? 0) <= study.p99Ms * 1000) {
      held = ratePerSec;
      failedInRow = 0;
    } else if (++failedInRow === IN_A_ROW) {
      const firstMs = (from - perWindow) * slots.slotMs + windowMs / 2;
      return { heldPerSec: held, brokeAtPerSec: plannedRate(evidence.plan.load.segments, firstMs) };
    }
  }
  return windows === 0 ? null : { heldPerSec: held, brokeAtPerSec: null };
}

function p99Of(evidence: Evidence, from: number, to: number): number | null {
  const { latencyBucketEdgesUs, latencyCounts } = evidence.load.slots;
  const counts = new Array<number>(latencyBucketEdgesUs.length - 1).fill(0);
  for (const row of latencyCounts.slice(from, to)) row.forEach((count, i) => (counts[i]! += count));
  return bucketQuantile(latencyBucketEdgesUs, counts, 0.99);
}

/** The rate that the plan asks for, free of the chance of its arrivals; `atMs` counts from the recorded part. */
function plannedRate(segments: readonly ArrivalSegment[], atMs: number): number {
  let startMs = 0;
  const recorded = segments.filter((segment) => segment.recorded);
  for (const { durationMs, fromRatePerSec, toRatePerSec } of recorded) {
    const share = (atMs - startMs) / durationMs;
    if (share <= 1) return fromRatePerSec + (toRatePerSec - fromRatePerSec) * share;
    startMs += durationMs;
  }
  return recorded.at(-1)?.toRatePerSec ?? 0;
}
