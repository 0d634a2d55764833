/**
 * What recovery is judged by, over sliding windows of slots: p99 of all requests, the share that was not served, and
 * what the database did. Prefix sums, so that hundreds of windows cost no more than a few.
 */
import type { Evidence } from '../contract/verdict.ts';
import type { RequestOutcome } from '../contract/operation.ts';
import { bucketQuantile } from '../stats/quantile.ts';
import { meanWithin } from '../stats/windows.ts';
import { isError, lineOf, reportsLoads } from './sources.ts';

/** Functions of the slot in which a window starts; null where the window holds nothing to judge by. */
export interface WindowSignals {
  p99Ms(at: number): number | null;
  /** Errors and shed requests: a service that still sheds has not recovered. */
  unservedShare(at: number): number | null;
  /** Loads as reported and queries as probed, where there are any, per window. */
  databaseCounts: ((at: number) => number | null)[];
}

/** @param width of a window, in slots */
export function windowSignals(evidence: Evidence, width: number): WindowSignals {
  const { slots } = evidence.load;
  const length = slots.offered.length;
  const edges = slots.latencyBucketEdgesUs;
  const buckets = edges.map((_, bucket) => prefixSums(slots.latencyCounts.map((row) => row[bucket] ?? 0)));
  const outcomes = Object.entries(slots.outcomes) as [RequestOutcome, number[]][];
  const ended = outcomes.map(([, counts]) => prefixSums(counts));
  const unserved = outcomes
    .filter(([outcome]) => isError(outcome) || outcome === 'shed')
    .map(([, counts]) => prefixSums(counts));
  const within = (sums: readonly number[], at: number): number =>
    (sums[Math.min(at + width, sums.length - 1)] ?? 0) - (sums[at] ?? 0);
  const total = (many: readonly number[][], at: number): number => many.reduce((sum, one) => sum + within(one, at), 0);

  const databaseCounts: WindowSignals['databaseCounts'] = [];
  if (reportsLoads(evidence)) {
    const counts = new Array<number>(length).fill(0);
    for (const load of evidence.loads) {
      const slot = Math.floor((load.startedAtMs - slots.startedAtMs) / slots.slotMs);
      if (slot >= 0 && slot < length) counts[slot]! += 1;
    }
    const sums = prefixSums(counts);
    databaseCounts.push((at) => within(sums, at));
  }
  const queries = lineOf(evidence, 'db.queriesPerSec');
  if (queries) {
    const offsetMs = slots.startedAtMs - evidence.measuredFromMs;
    const widthMs = width * slots.slotMs;
    databaseCounts.push((at) => {
      const fromMs = offsetMs + at * slots.slotMs;
      const rate = meanWithin(queries, fromMs, fromMs + widthMs);
      return rate === null ? null : (rate * widthMs) / 1000;
    });
  }

  return {
    p99Ms(at) {
      const us = bucketQuantile(
        edges,
        buckets.map((sums) => within(sums, at)),
        0.99,
      );
      return us === null ? null : us / 1000;
    },
    unservedShare(at) {
      const all = total(ended, at);
      return all === 0 ? null : total(unserved, at) / all;
    },
    databaseCounts,
  };
}

/** sums[i] is what the first i values add up to. */
function prefixSums(values: readonly number[]): number[] {
  const sums = [0];
  for (const value of values) sums.push(sums.at(-1)! + value);
  return sums;
}
