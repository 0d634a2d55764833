/**
 * The run on one time axis: the generator's slots merged to at most 300 steps, with rates, errors, hit ratio, latency
 * counts and p99. Everything the charts draw over time comes from here, so that panels agree to the slot.
 */
import { bisectCenter, sum } from 'd3-array';
import type { CacheOutcome } from '../../harness/contract/defence.ts';
import { ERROR_OUTCOMES } from '../../harness/contract/operation.ts';
import type { RequestOutcome } from '../../harness/contract/operation.ts';
import type { RunResult } from '../../harness/contract/result.ts';

export const MAX_STEPS = 300;
/** As the measure `cache.hitRatio` counts them: answered at once. `absent` values are in no share. */
const HITS: ReadonlySet<CacheOutcome> = new Set(['hit', 'stale']);

export interface TimeLine {
  tMs: number[];
  values: (number | null)[];
}
export interface Timeline {
  /** From 0 to the end of the recorded part. */
  durationMs: number;
  stepMs: number;
  /** Middle of each step. */
  tMs: number[];
  offered: number[];
  /** Really sent. */
  achieved: number[];
  /** Answered without an error, refusals such as "sold out" included. */
  answered: number[];
  dropped: number[];
  /** Errors per second by class; only classes that occurred. */
  errors: { outcome: RequestOutcome; perSec: number[]; total: number }[];
  shed: { perSec: number[]; total: number };
  /** Share answered at once from the cache, %; null where no answer told. */
  hitPercent: (number | null)[];
  /** p99 over windows of at least a second, ms. */
  p99: TimeLine;
  /** Counts of answers per step and latency bucket. */
  latency: { edgesMs: number[]; counts: number[][] };
}

/** Builds the timeline of a run. */
export function timelineOf(run: RunResult): Timeline {
  const { slots } = run;
  const n = slots.offered.length;
  const merge = Math.max(1, Math.ceil(n / MAX_STEPS));
  const steps = Math.ceil(n / merge);
  const stepMs = slots.slotMs * merge;
  const shiftMs = slots.startedAtMs - run.measuredFromMs;
  const tMs = Array.from({ length: steps }, (_, i) => shiftMs + (i + 0.5) * stepMs);
  const sums = (values: readonly number[] | undefined): number[] => {
    const out = new Array<number>(steps).fill(0);
    values?.forEach((value, i) => (out[Math.floor(i / merge)]! += value));
    return out;
  };
  // The last step may hold fewer slots than the others.
  const stepSec = (i: number): number => ((Math.min(n, (i + 1) * merge) - i * merge) * slots.slotMs) / 1000;
  const rates = (values: readonly number[] | undefined): number[] => sums(values).map((v, i) => v / stepSec(i));

  const errors = [...ERROR_OUTCOMES]
    .map((outcome) => ({
      outcome,
      perSec: rates(slots.outcomes[outcome]),
      total: sum(slots.outcomes[outcome] ?? []),
    }))
    .filter((e) => e.total > 0);
  const rejected = rates(slots.outcomes.rejected);
  const told = new Array<number>(steps).fill(0);
  const hits = new Array<number>(steps).fill(0);
  for (const [outcome, counts] of Object.entries(slots.cacheOutcomes) as [CacheOutcome, number[]][])
    if (outcome !== 'absent')
      sums(counts).forEach((value, i) => {
        told[i]! += value;
        if (HITS.has(outcome)) hits[i]! += value;
      });

  const buckets = Math.max(0, ...slots.latencyCounts.map((row) => row.length));
  const edgesMs = edgesFor(slots.latencyBucketEdgesUs, buckets).map((us) => us / 1000);
  const counts = Array.from({ length: steps }, () => new Array<number>(buckets).fill(0));
  slots.latencyCounts.forEach((row, i) => row.forEach((value, b) => (counts[Math.floor(i / merge)]![b]! += value)));
  return {
    durationMs: Math.max(shiftMs + n * slots.slotMs, ...run.phases.map((p) => (p.name === 'run' ? p.toMs : 0)), 1),
    stepMs,
    tMs,
    offered: rates(slots.offered),
    achieved: rates(slots.sent),
    answered: rates(slots.outcomes.ok).map((v, i) => v + rejected[i]!),
    dropped: rates(slots.dropped),
    errors,
    shed: { perSec: rates(slots.outcomes.shed), total: sum(slots.outcomes.shed ?? []) },
    hitPercent: told.map((value, i) => (value === 0 ? null : (100 * hits[i]!) / value)),
    p99: p99Line(counts, edgesMs, tMs, stepMs),
    latency: { edgesMs, counts },
  };
}

/** A probe's line with gaps kept; null when the run has none by this id, or none with a value. */
export function seriesById(run: RunResult, id: string): TimeLine | null {
  const series = run.series.find((s) => s.id === id);
  if (!series || !series.values.some((v) => v !== null)) return null;
  return { tMs: series.tMs, values: series.values };
}

/** Keeps the lowest and highest of each of `columns` stretches, so that thinning a line never hides a peak. */
export function thin(line: TimeLine, columns = MAX_STEPS): TimeLine {
  const n = line.tMs.length;
  if (n <= columns * 2) return line;
  const out: TimeLine = { tMs: [], values: [] };
  const size = n / columns;
  for (let c = 0; c < columns; c++) {
    let low = -1;
    let high = -1;
    let gap = -1;
    for (let i = Math.floor(c * size); i < Math.floor((c + 1) * size); i++) {
      const value = line.values[i];
      if (value === null || value === undefined) gap = i;
      else {
        if (low < 0 || value < line.values[low]!) low = i;
        if (high < 0 || value > line.values[high]!) high = i;
      }
    }
    for (const i of [...new Set([low, high, low < 0 ? gap : -1])].filter((x) => x >= 0).sort((a, b) => a - b)) {
      out.tMs.push(line.tMs[i]!);
      out.values.push(line.values[i] ?? null);
    }
  }
  return out;
}

/** The sample nearest to each time, null where the nearest is further than `reachMs`. */
export function sampleAt(line: TimeLine, times: readonly number[], reachMs: number): (number | null)[] {
  return times.map((t) => {
    const i = bisectCenter(line.tMs, t);
    const at = line.tMs[i];
    return at === undefined || Math.abs(at - t) > reachMs ? null : (line.values[i] ?? null);
  });
}

/** The highest value of a line, and when; null for an empty one. */
export function peakOf(line: TimeLine): { value: number; tMs: number } | null {
  let peak: { value: number; tMs: number } | null = null;
  line.values.forEach((value, i) => {
    if (value !== null && (peak === null || value > peak.value)) peak = { value, tMs: line.tMs[i]! };
  });
  return peak;
}

function p99Line(counts: number[][], edgesMs: number[], tMs: number[], stepMs: number): TimeLine {
  const group = Math.max(1, Math.ceil(1000 / stepMs));
  const line: TimeLine = { tMs: [], values: [] };
  for (let from = 0; from < counts.length; from += group) {
    const rows = counts.slice(from, from + group);
    const sum = edgesMs.slice(1).map((_, b) => rows.reduce((all, row) => all + (row[b] ?? 0), 0));
    line.tMs.push((tMs[from]! + tMs[from + rows.length - 1]!) / 2);
    line.values.push(quantile(sum, edgesMs, 0.99));
  }
  return line;
}

/** Interpolates inside the bucket on a log scale; null for no counts. */
function quantile(counts: number[], edges: number[], q: number): number | null {
  const all = sum(counts);
  if (all === 0) return null;
  let left = q * all;
  for (let b = 0; b < counts.length; b++) {
    if (counts[b]! >= left && counts[b]! > 0) return edges[b]! * (edges[b + 1]! / edges[b]!) ** (left / counts[b]!);
    left -= counts[b]!;
  }
  return edges.at(-1)!;
}

/** One more edge than buckets, all above 0, so that the lowest and an open highest bucket can be drawn in log. */
function edgesFor(edgesUs: readonly number[], buckets: number): number[] {
  const edges = edgesUs.slice(0, buckets + 1);
  if (edges.length === 0) return [];
  if (edges[0]! <= 0) edges[0] = (edges[1] ?? 2) / 2;
  while (edges.length < buckets + 1) edges.push(edges.at(-1)! * (edges.length > 1 ? edges.at(-1)! / edges.at(-2)! : 2));
  return edges;
}
