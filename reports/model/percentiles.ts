/** Latency by percentile from the result's own histograms, on the axis 1/(1−p) that HdrHistogram made common. */
import type { PhaseName } from '../../harness/contract/load.ts';
import type { HistogramRecord } from '../../harness/contract/load.ts';
import type { RunResult } from '../../harness/contract/result.ts';
import { mergeEncoded } from '../../harness/kit/histogram.ts';
import type { Histogram } from '../../harness/kit/histogram.ts';

export interface PercentileLine {
  count: number;
  /** Points at equal steps of log 1/(1−p); ends where fewer than one request is left beyond. */
  points: { beyond: number; ms: number }[];
  maxMs: number;
}

/** Merged latency of a phase (all phases for `run`) from the intended send; null where nothing was recorded. */
export function histogramOf(
  run: RunResult,
  phase: PhaseName | 'run',
  is: (record: HistogramRecord) => boolean = () => true,
): Histogram | null {
  const records = run.histograms.filter(
    (record) =>
      record.clock === 'intended' && (phase === 'run' || record.phase === phase) && record.count > 0 && is(record),
  );
  return records.length === 0 ? null : mergeEncoded(records.map((record) => record.hdr));
}

/** The percentile line of a histogram. `beyond` is 1/(1−p): 2 is p50, 100 is p99. */
export function percentileLine(histogram: Histogram): PercentileLine {
  const points: PercentileLine['points'] = [];
  const last = Math.min(Math.max(2, histogram.totalCount), 1_000_000);
  const steps = Math.max(2, Math.ceil(Math.log10(last) * 24));
  for (let i = 0; i <= steps; i++) {
    const beyond = last ** (i / steps);
    points.push({ beyond, ms: histogram.getValueAtPercentile(100 * (1 - 1 / beyond)) / 1000 });
  }
  return { count: histogram.totalCount, points, maxMs: histogram.maxValue / 1000 };
}

/** The quantiles that tables show. */
export const TABLE_QUANTILES = [
  { name: 'p50', beyond: 2 },
  { name: 'p90', beyond: 10 },
  { name: 'p95', beyond: 20 },
  { name: 'p99', beyond: 100 },
  { name: 'p99.9', beyond: 1000 },
  { name: 'p99.99', beyond: 10_000 },
] as const;

/** Value at a quantile in ms; null where too few requests lie beyond it to tell. */
export function quantileMs(histogram: Histogram, beyond: number): number | null {
  return histogram.totalCount < beyond ? null : histogram.getValueAtPercentile(100 * (1 - 1 / beyond)) / 1000;
}
