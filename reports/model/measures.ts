/** Looks up measures of a result by id and phase, with the titles and units that the result itself brought along. */
import type { AnyResult, RunResult, ThresholdResult } from '../../harness/contract/result.ts';
import type { MeasureMeta, PhaseBounds, VerdictStatus } from '../../harness/contract/verdict.ts';

/** The value of a measure in a phase; null where it is unknown or was never declared. */
export function valueOf(run: RunResult, phase: PhaseBounds['name'], id: string): number | null {
  const value = run.measures[phase]?.[id];
  return value === undefined || value === null || !Number.isFinite(value) ? null : value;
}

/** A measure's meta data; where the result does not declare it, its id stands for itself. */
export function metaOf(run: RunResult, id: string): MeasureMeta {
  return (
    run.measureDefinitions.find((measure) => measure.id === id) ?? {
      id,
      title: id,
      unit: 'count',
      better: 'neither',
      evidence: 'time',
    }
  );
}

/** True where a fault split the run into before, during and after. */
export function hasFault(run: RunResult): boolean {
  return run.faults.length > 0 && run.measures['during'] !== undefined;
}

/** All runs of a result. */
export function runsOf(result: AnyResult): RunResult[] {
  return result.kind === 'run' ? [result] : result.runs;
}

/** How a run is to be shown: nothing partial or invalid is ever shown as passed. */
export function shownStatus(run: RunResult): { status: VerdictStatus; word: string } {
  if (run.partial) return { status: run.verdict.status === 'fail' ? 'fail' : 'unknown', word: 'Interrupted' };
  if (!run.validity.valid) return { status: 'unknown', word: 'Invalid' };
  if (run.verdict.status === 'pass') return { status: 'pass', word: 'Pass' };
  return run.verdict.status === 'fail' ? { status: 'fail', word: 'Fail' } : { status: 'unknown', word: 'Unknown' };
}

/** Status of a whole result: a comparison is only green when it is complete and so is every run in it. */
export function resultStatus(result: AnyResult): { status: VerdictStatus; word: string } {
  if (result.kind === 'run') return shownStatus(result);
  if (result.partial) return { status: 'unknown', word: 'Interrupted' };
  const statuses = result.runs.map((run) => shownStatus(run).status);
  if (result.verdict.status === 'fail' || statuses.includes('fail')) return { status: 'fail', word: 'Fail' };
  if (result.verdict.status === 'unknown' || statuses.includes('unknown') || statuses.length === 0)
    return { status: 'unknown', word: 'Unknown' };
  return { status: 'pass', word: 'Pass' };
}

/** The verdict's sentence without a leading status word: that stands beside it as a mark. */
export function sentenceOf(verdict: AnyResult['verdict']): string {
  return verdict.sentence.replace(/^(pass|fail|unknown|invalid|interrupted)(ed)?:\s*/i, '');
}

export const MARKS: Record<VerdictStatus, string> = { pass: '✓', unknown: '?', fail: '✕' };
const BADNESS: Record<VerdictStatus, number> = { fail: 0, unknown: 1, pass: 2 };

/** Thresholds, the worst first; among failures the one that is furthest beyond its limit. */
export function worstFirst(thresholds: readonly ThresholdResult[]): ThresholdResult[] {
  const over = (t: ThresholdResult): number =>
    t.actual === null ? 0 : Math.abs(t.actual - t.limit) / (Math.abs(t.limit) || 1);
  return [...thresholds].sort((a, b) => BADNESS[a.status] - BADNESS[b.status] || over(b) - over(a));
}

/** Checks and the like, the worst first, otherwise in their order. */
export function byStatus<T extends { status: VerdictStatus }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => BADNESS[a.status] - BADNESS[b.status]);
}

/** A limit on a latency percentile, with the share of requests it speaks of, for the charts. */
export function latencyLimits(run: RunResult): { ms: number; quantile: number | null; text: string }[] {
  const quantiles: Record<string, number> = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999 };
  return run.thresholds
    .filter((t) => t.measure.startsWith('latency.') && (t.operator === '<' || t.operator === '<='))
    .map((t) => ({ ms: t.limit, quantile: quantiles[t.measure.split('.')[1] ?? ''] ?? null, text: t.text }));
}

/** Loads per expiry that are further than this share from their prediction are marked. */
export const TOLERATED_DEVIATION = 0.15;

/** Measured and predicted loads per expiry; `deviates` marks a difference of more than 15 %. */
export function loadsPerExpiry(run: RunResult): {
  measured: number | null;
  predicted: number | null;
  deviation: number | null;
  deviates: boolean;
} {
  const measured = valueOf(run, 'run', 'db.loadsPerExpiry') ?? valueOf(run, 'before', 'db.loadsPerExpiry');
  const predicted = valueOf(run, 'run', 'db.loadsPerExpiryPredicted') ?? run.plan.prediction?.loadsPerExpiry ?? null;
  const deviation = measured === null || predicted === null || predicted === 0 ? null : measured / predicted - 1;
  return { measured, predicted, deviation, deviates: deviation !== null && Math.abs(deviation) > TOLERATED_DEVIATION };
}
