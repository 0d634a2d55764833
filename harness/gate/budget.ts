/**
 * How the time of a gate is spent: a pair is begun only where it will have ended before the budget does, which is told
 * from the pairs that have been; and trials are made as long as the judged quantiles need, as far as the budget goes.
 */
import { HarnessError } from '../contract/errors.ts';
import type { PairDesign } from '../contract/gate.ts';
import type { RunPlan } from '../contract/plan.ts';
import { formatDuration } from '../kit/units.ts';
import { rateShareOf } from './pairs.ts';
import { fixedLength, loadMs, plannedRequests, recordedMs, requestsNeeded, withRecordedMs } from './trial-plan.ts';

/** What a trial takes beyond its load on a machine of two cores: data, service, probes, proof, judgement. */
const OVERHEAD_MS = 3500;

/** Shorter says little of anything, and the warm-up would be most of it. */
const SHORTEST_MS = 5000;

/** A pass takes as many pairs as half of the budget is for. */
const SHARE_FOR_FIRST_LOOK = 0.5;

export interface TrialLength {
  plan: RunPlan;
  /** Requests that each trial is expected to record; null for a closed loop or a trace. */
  requests: number | null;
  /** Measures that have too few requests to be judged, with what they would need. */
  tooFew: { measure: string; needed: number }[];
}

export interface LengthInput {
  plan: RunPlan;
  design: PairDesign | null;
  /** What was asked for; null to choose. */
  trialMs: number | null;
  budgetMs: number;
  /** Pairs, or single trials against a baseline, at which the gate first looks. */
  firstLook: number;
  /** Pairs that are run before anything is judged; none where not given. */
  noisePairs?: number;
  /** Measures that are judged by default, and those that the person named. */
  judged: readonly string[];
  named: readonly string[];
}

/**
 * Chooses the length of a trial: what was asked for; otherwise enough requests for every judged quantile, but no more
 * than lets the first look come in half of the budget, and never less than what the person's own tolerances need.
 *
 * @throws HarnessError BAD_PLAN where a tolerance was named that the trials can never judge
 */
export function chooseLength(input: LengthInput): TrialLength {
  const { plan, design, trialMs } = input;
  const share = design === null ? 1 : rateShareOf(design);
  const perMs = (plannedRequests(plan) ?? 0) * (share / recordedMs(plan));
  const needed = (measures: readonly string[]): number => Math.max(0, ...measures.map(requestsNeeded));
  let chosen = plan;
  if (trialMs !== null) chosen = withRecordedMs(plan, trialMs);
  else if (perMs > 0 && fixedLength(plan) === null) {
    const atOnce = design === 'alternating' ? 2 : 1;
    const slotMs = (input.budgetMs * SHARE_FOR_FIRST_LOOK) / (input.firstLook + (input.noisePairs ?? 0)) / atOnce;
    const affordableMs = slotMs - OVERHEAD_MS - (loadMs(plan) - recordedMs(plan));
    const wantedMs = needed(input.judged) / perMs;
    const lengthMs = Math.max(
      SHORTEST_MS,
      lastFaultEnd(plan),
      needed(input.named) / perMs,
      Math.min(wantedMs, affordableMs),
    );
    chosen = withRecordedMs(plan, Math.ceil(lengthMs / 500) * 500);
  }
  const planned = plannedRequests(chosen);
  const requests = planned === null ? null : planned * share;
  const lacking = (measures: readonly string[]): TrialLength['tooFew'] =>
    measures
      .map((measure) => ({ measure, needed: requestsNeeded(measure) }))
      .filter((one) => requests !== null && one.needed > requests + 0.5);
  const [refused] = lacking(input.named);
  if (refused)
    throw new HarnessError(
      'BAD_PLAN',
      `${refused.measure} needs ${refused.needed} requests in a trial, and one of ${formatDuration(recordedMs(chosen))} records about ${Math.round(requests!)}`,
      { hint: 'make trials longer with --trial, or the rate higher with --set ratePerSec=…' },
    );
  return { plan: chosen, requests, tooFew: lacking(input.judged) };
}

/** A trial cannot end before its faults do; they count from the start of the recorded part. */
function lastFaultEnd(plan: RunPlan): number {
  return Math.max(0, ...plan.faults.map(({ atMs, durationMs }) => atMs + durationMs + 2000));
}

/** How long a pair will take before any has been run, ms. */
export function expectedPairMs(plan: RunPlan, design: PairDesign): number {
  return (loadMs(plan) + OVERHEAD_MS) * (design === 'alternating' ? 2 : 1);
}

/**
 * Whether the budget has room for a decision at all, as far as can be told before the first pair.
 *
 * @param pairs that a pass needs, those for noise among them
 * @returns null where it has; otherwise what is missing, in words
 */
export function roomFor(pairs: number, budgetMs: number, pairMs: number): string | null {
  const room = Math.floor(budgetMs / pairMs);
  if (room >= pairs) return null;
  const enough = formatDuration(Math.ceil((pairs * pairMs) / 60_000) * 60_000);
  return `the budget of ${formatDuration(budgetMs)} has room for about ${room} pairs of ${formatDuration(Math.round(pairMs / 1000) * 1000)}, and a pass needs ${pairs}: --budget ${enough} would do`;
}
