/** Trials held against a stored baseline, and trials that become one. Counts are judged; times are told and no more. */
import type { EnvironmentManifest } from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { Baseline, Trial } from '../contract/gate.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { MeasureMeta } from '../contract/verdict.ts';
import { realClock } from '../kit/clock.ts';
import { fourDigits } from '../kit/four-digits.ts';
import { packageVersion } from '../kit/package-root.ts';
import { formatDuration } from '../kit/units.ts';
import { experimentOf } from './baseline-file.ts';
import { startTrialStack, type PairsInput } from './pairs.ts';
import { type PairSide, runTrial, TrialFailure } from './trial.ts';
import { pairSeed } from './trial-plan.ts';

/** A service may stumble once; twice in a row is a finding. */
const FAILURES_IN_A_ROW = 2;

export interface TrialsInput extends Omit<PairsInput, 'design' | 'base'> {
  candidate: PairSide;
  /** Trials at most. */
  trials: number;
  /** No trial is begun that would end later, ms from the first. */
  budgetMs: number;
  /** Whether the trials so far are enough. */
  decided?(trials: readonly Trial[]): boolean;
}

export interface TrialsOutcome {
  manifest: EnvironmentManifest;
  trials: Trial[];
  interrupted: boolean;
  /** The service did not start, or died, twice in a row; null where it did not. */
  failure: TrialFailure | null;
}

/**
 * Runs trials of one version, one after the other. The traffic of each is its own, and the same each time.
 *
 * @throws HarnessError of the surroundings; then nothing can be said
 */
export async function runTrials(input: TrialsInput): Promise<TrialsOutcome> {
  const { candidate, signal } = input;
  await using stack = await startTrialStack(input, input.runId, input.folder);
  const outcome: TrialsOutcome = { manifest: stack.manifest, trials: [], interrupted: false, failure: null };
  const startedMs = realClock.nowMs();
  let failures = 0;
  while (outcome.trials.length < input.trials) {
    const spentMs = realClock.nowMs() - startedMs;
    const eachMs = outcome.trials.length === 0 ? 0 : spentMs / outcome.trials.length;
    if (spentMs + eachMs > input.budgetMs) break;
    if (outcome.trials.length > 0 && input.decided?.(outcome.trials)) break;
    const each = eachMs === 0 ? '' : `, ${formatDuration(Math.round(eachMs / 1000) * 1000)} each`;
    input.onStep(`trial ${outcome.trials.length + 1} of at most ${input.trials}${each}`);
    const pair = outcome.trials.length;
    try {
      const seed = pairSeed(input.seed, 'judge', pair);
      const job = {
        name: 'candidate',
        side: candidate,
        pair,
        purpose: 'judge',
        position: 0,
        seed,
        rateShare: 1,
      } as const;
      outcome.trials.push(await runTrial({ ...input, stack }, job));
      failures = 0;
    } catch (error) {
      if (signal.aborted) return { ...outcome, interrupted: true };
      if (!(error instanceof TrialFailure)) throw error;
      failures += 1;
      if (failures >= FAILURES_IN_A_ROW) return { ...outcome, failure: error };
      input.onStep(`${error.message.split('\n')[0]}; running the trial again`);
    }
  }
  return outcome;
}

/** What the trials say, as a baseline. */
export function makeBaseline(input: {
  plan: RunPlan;
  trials: readonly Trial[];
  manifest: EnvironmentManifest;
  measures: readonly MeasureMeta[];
  commit: string | null;
  acceptedAt: Date;
}): Baseline {
  const valuesOf = (evidence: MeasureMeta['evidence']): Baseline['counts'] =>
    Object.fromEntries(
      input.measures
        .filter((measure) => measure.evidence === evidence && measure.better !== 'neither')
        .map(({ id }) => [id, input.trials.map((trial) => fourDigits(valueOf(trial, id, evidence)))] as const)
        .filter(([, values]) => values.some((value) => value !== null)),
    );
  return {
    kind: 'cachequake-baseline',
    baselineVersion: 1,
    acceptedAt: input.acceptedAt.toISOString(),
    cachequakeVersion: packageVersion(),
    commit: input.commit,
    machine: input.manifest.machine,
    experiment: experimentOf(input.plan),
    counts: valuesOf('count'),
    times: valuesOf('time'),
  };
}

function valueOf({ measures, timesInvalid }: Trial, id: string, evidence: MeasureMeta['evidence']): number | null {
  return evidence === 'time' && timesInvalid.length > 0 ? null : (measures[id] ?? null);
}

/**
 * Nothing doubtful becomes what later versions are held against.
 *
 * @throws HarnessError UNDECIDED where a trial was invalid or failed a check
 */
export function assertAcceptable(trials: readonly Trial[]): void {
  const doubt = trials.flatMap(({ pair, invalid, failedChecks }) =>
    [...invalid, ...failedChecks].map((what) => `trial ${pair + 1}: ${what}`),
  );
  if (doubt.length > 0)
    throw new HarnessError(
      'UNDECIDED',
      `not accepted, since not every trial was sound:\n${doubt.slice(0, 5).join('\n')}`,
      {
        hint: 'mend what failed, or run on a calmer machine or at a lower rate, and accept again',
      },
    );
}
