/**
 * The plan of one trial, made from the plan of the gate: its own seed, its share of the rate, and a length that gives
 * enough requests for what is judged. A p99 of few requests is a lottery: at least a hundred must lie beyond it.
 */
import { HarnessError } from '../contract/errors.ts';
import type { ArrivalSegment } from '../contract/load.ts';
import type { RunPlan } from '../contract/plan.ts';
import { seededRandom } from '../kit/random.ts';
import { formatDuration } from '../kit/units.ts';

/** Requests beyond a quantile, below which a trial does not judge it. */
const BEYOND = 100;

/** Quantiles that can be judged, by measure id. */
const QUANTILE_MEASURES: Readonly<Record<string, number>> = {
  'latency.p50': 0.5,
  'latency.p90': 0.9,
  'latency.p95': 0.95,
  'latency.p99': 0.99,
  'latency.p999': 0.999,
  'latency.p50.service': 0.5,
  'latency.p90.service': 0.9,
  'latency.p95.service': 0.95,
  'latency.p99.service': 0.99,
  'latency.p999.service': 0.999,
};

/** Requests that a trial must record for a measure to be judged; 0 where the measure is no quantile. */
export function requestsNeeded(measure: string): number {
  const quantile = QUANTILE_MEASURES[measure];
  return quantile === undefined ? 0 : Math.round(BEYOND / (1 - quantile));
}

const recordedOf = (plan: RunPlan): ArrivalSegment[] => plan.load.segments.filter(({ recorded }) => recorded);

const meanRate = ({ fromRatePerSec, toRatePerSec }: ArrivalSegment): number => (fromRatePerSec + toRatePerSec) / 2;

/** Requests that the recorded part is expected to hold; null for a closed loop or a trace, which have no rate. */
export function plannedRequests(plan: RunPlan): number | null {
  if (plan.load.engine !== 'open-loop' || plan.load.replay) return null;
  return recordedOf(plan).reduce((sum, one) => sum + (meanRate(one) * one.durationMs) / 1000, 0);
}

/** Length of the recorded part, ms. */
export function recordedMs(plan: RunPlan): number {
  return recordedOf(plan).reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/** Length of the whole load, warm-up included, ms. */
export function loadMs(plan: RunPlan): number {
  return plan.load.segments.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/**
 * Why the length of a trial is the profile's alone; null where it can be chosen, that is where one steady stretch is
 * recorded.
 */
export function fixedLength(plan: RunPlan): string | null {
  const { load, profile } = plan;
  if (load.replay) return `'${profile.id}' replays a trace`;
  if (recordedOf(plan).length !== 1) return `'${profile.id}' has ${recordedOf(plan).length} recorded segments`;
  const [only] = recordedOf(plan);
  return only!.fromRatePerSec === only!.toRatePerSec ? null : `the rate of '${profile.id}' changes over the run`;
}

/**
 * The plan with a recorded part of another length.
 *
 * @throws HarnessError BAD_PLAN where the profile's length cannot be chosen, or a fault would not end in time
 */
export function withRecordedMs(plan: RunPlan, lengthMs: number): RunPlan {
  const fixed = fixedLength(plan);
  if (fixed !== null)
    throw new HarnessError('BAD_PLAN', `the length of a trial cannot be chosen: ${fixed}`, {
      hint: 'set the lengths of the profile itself with --set',
    });
  const late = plan.faults.find(({ atMs, durationMs }) => atMs + durationMs >= lengthMs);
  if (late)
    throw new HarnessError(
      'BAD_PLAN',
      `${late.fault} does not end before a trial of ${formatDuration(lengthMs)} does`,
      {
        hint: 'make trials longer with --trial, or the fault earlier',
      },
    );
  return withSegments(plan, (segment) => (segment.recorded ? { ...segment, durationMs: lengthMs } : segment));
}

/** The plan of one trial: both sides of a pair get the same seed, and so the same arrivals and keys. */
export function trialPlan(plan: RunPlan, { seed, rateShare }: { seed: number; rateShare: number }): RunPlan {
  const scaled = withSegments(plan, (segment) => ({
    ...segment,
    fromRatePerSec: segment.fromRatePerSec * rateShare,
    toRatePerSec: segment.toRatePerSec * rateShare,
  }));
  return { ...scaled, seed, load: { ...scaled.load, seed } };
}

function withSegments(plan: RunPlan, change: (segment: ArrivalSegment) => ArrivalSegment): RunPlan {
  return { ...plan, load: { ...plan.load, segments: plan.load.segments.map(change) } };
}

/** The seed of a pair's traffic. Pairs that only measure noise have others than those that are judged. */
export function pairSeed(seed: number, purpose: 'judge' | 'noise', pair: number): number {
  return Math.floor(seededRandom(seed, `gate:${purpose}:${pair}`).next() * 0x7fff_ffff);
}
