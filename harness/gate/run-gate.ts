/**
 * A gate from its start to its result: side by side, a base and a candidate in pairs until the decision is clear; or
 * one version against the counts of a stored baseline, or into one. Whoever calls it has made the plans and brought
 * both sides to where they can be started.
 */
import { EXIT } from '../contract/errors.ts';
import type { Baseline, GateDecision, GateResult, GateRules, PairDesign, Trial } from '../contract/gate.ts';
import type { MeasureMeta } from '../contract/verdict.ts';
import { realClock } from '../kit/clock.ts';
import { formatDuration } from '../kit/units.ts';
import { decideAgainstBaseline } from '../verdict/gate/decide-baseline.ts';
import { decidePairs } from '../verdict/gate/decide-pairs.ts';
import { runTrials, type TrialsInput } from './baseline.ts';
import { expectedPairMs, roomFor, type TrialLength } from './budget.ts';
import { assembleGateResult } from './gate-result.ts';
import { openPairs, type PairsInput, rateShareOf, type TrialPair } from './pairs.ts';
import { knownLine, pairsLine } from './progress-text.ts';
import { failedDecision, runPairs } from './run-pairs.ts';
import { trialPlan } from './trial-plan.ts';

interface Common {
  rules: GateRules;
  /** Of everything that was measured. */
  measures: readonly MeasureMeta[];
  budgetMs: number;
  startedAt: Date;
}

export interface SideBySideInput extends PairsInput, Common {
  noisePairs: number;
  /** Measures with a tolerance that trials are too short to judge; they are shown. */
  tooFew: TrialLength['tooFew'];
  /** Requests that a trial is expected to record; null where nobody knows. */
  requests: number | null;
}

export interface GateOutcome {
  result: GateResult;
  interrupted: boolean;
  /** What ended the gate before its time, besides a service; null where nothing did. */
  error: unknown;
}

/** @throws HarnessError of the surroundings where nothing was measured */
export async function runSideBySide(input: SideBySideInput): Promise<GateOutcome> {
  const { rules, design, signal } = input;
  const notJudged = new Set(input.tooFew.map(({ measure }) => measure));
  const judged: GateRules = {
    ...rules,
    tolerances: Object.fromEntries(Object.entries(rules.tolerances).filter(([id]) => !notJudged.has(id))),
  };
  const measures = [...input.measures];
  const pairMs = expectedPairMs(input.candidate.plan, design);
  const room = roomFor(input.noisePairs + rules.firstLook, input.budgetMs, pairMs);
  if (room !== null) input.onStep(room);
  await using runner = await openPairs(input);
  const outcome = await runPairs({
    runPair: runner.runPair,
    decide: (pairs, timeIsUp) => decidePairs({ pairs, measures, rules: judged, timeIsUp }),
    noisePairs: input.noisePairs,
    budgetMs: input.budgetMs,
    expectedPairMs: pairMs,
    clock: realClock,
    signal,
    onProgress: (progress) => {
      input.onStep(pairsLine(progress, rules, input.noisePairs));
      const known = progress.decision && knownLine(progress.decision.measures);
      if (known) input.onStep(known);
    },
    onTrouble: input.onStep,
  });
  const { noise, pairs } = outcome;
  if (outcome.error !== null && pairs.length === 0) throw outcome.error;
  const shown = pairs.length === 0 ? [] : reportedOnly(input, pairs, measures);
  const result = assembleGateResult({
    ...input,
    partial: outcome.interrupted || outcome.error !== null,
    plan: trialPlan(input.candidate.plan, { seed: input.seed, rateShare: rateShareOf(design) }),
    manifest: runner.manifest,
    sides: [input.base.side, input.candidate.side],
    baseline: null,
    rules: judged,
    trials: [...noise, ...pairs].flatMap(({ base, candidate }) => [base, candidate]),
    measures,
    decision: {
      ...worded(outcome.decision, outcome.interrupted),
      measures: [...outcome.decision.measures, ...shown],
    },
    acceptCommand: null,
  });
  return { result, interrupted: outcome.interrupted, error: outcome.error };
}

/** Measures of too few requests: what was seen of them is told, and held against nobody. */
function reportedOnly(
  { rules, tooFew, requests }: SideBySideInput,
  pairs: readonly TrialPair[],
  measures: MeasureMeta[],
): GateDecision['measures'] {
  const tolerances = Object.fromEntries(tooFew.map(({ measure }) => [measure, rules.tolerances[measure]!]));
  const { measures: decided } = decidePairs({ pairs, measures, rules: { ...rules, tolerances }, timeIsUp: true });
  const needed = new Map(tooFew.map((one) => [one.measure, one.needed]));
  return decided
    .filter(({ id }) => needed.has(id))
    .map((one) => ({
      ...one,
      outcome: 'reported',
      pValue: null,
      adjustedP: null,
      pairsNeeded: null,
      why: `not judged: it needs ${needed.get(one.id)} requests in a trial, and there are about ${Math.round(requests ?? 0)}; make trials longer with --trial and --budget, or the rate higher`,
    }));
}

function worded<D extends GateResult['verdict'] | GateDecision>(
  decision: D & { sentence: string },
  interrupted: boolean,
): D & { sentence: string } {
  return interrupted ? { ...decision, sentence: `interrupted: ${decision.sentence}` } : decision;
}

export interface AgainstBaselineInput extends Omit<TrialsInput, 'decide'>, Common {
  baseline: Baseline;
  /** As it was typed. */
  file: string;
  acceptCommand: string;
}

/** @throws HarnessError of the surroundings */
export async function runAgainstBaseline(input: AgainstBaselineInput): Promise<GateOutcome> {
  const { baseline, rules } = input;
  const measures = [...input.measures];
  const decide = (trials: readonly Trial[], timeIsUp: boolean, sameMachine: boolean): GateDecision =>
    decideAgainstBaseline({ baseline, trials, measures, rules, sameMachine, atLastLook: timeIsUp });
  const { manifest, trials, interrupted, failure } = await runTrials({
    ...input,
    decided: (done) => decide(done, false, false).status !== 'continue',
  });
  const sameMachine = manifest.machine.fingerprint === baseline.machine.fingerprint;
  const settled = decide(trials, false, sameMachine);
  const conclusion = settled.status === 'continue' ? decide(trials, true, sameMachine) : settled;
  const made = failure === null ? conclusion : failedDecision('candidate', failure);
  const status = interrupted || made.status === 'continue' ? 'undecided' : made.status;
  const result = assembleGateResult({
    ...input,
    partial: interrupted,
    design: null,
    plan: input.candidate.plan,
    manifest,
    sides: [input.candidate.side],
    baseline: { file: input.file, acceptedAt: baseline.acceptedAt, commit: baseline.commit, sameMachine },
    trials,
    measures,
    decision: { ...worded(made, interrupted), status },
  });
  return { result, interrupted, error: null };
}

/** Exit code of a gate. */
export function exitCodeOf({ result, interrupted }: GateOutcome): number {
  if (interrupted) return EXIT.interrupted;
  return { pass: EXIT.pass, regressed: EXIT.failed, undecided: EXIT.undecided }[result.decision];
}

/** One line on what will be run, before it is. */
export function announce(design: PairDesign, { plan, requests, tooFew }: TrialLength, lengthMs: number): string {
  const few = tooFew.map(({ measure, needed }) => `${measure} (needs ${needed} requests)`).join(', ');
  return (
    `trials of ${formatDuration(lengthMs)}${requests === null ? '' : `, about ${Math.round(requests)} requests each`}, ` +
    `${design === 'duet' ? 'both sides at once at half the rate' : 'one side after the other'}, ${plan.instances} instances` +
    (few === '' ? '' : `; too short to judge ${few}, which ${tooFew.length === 1 ? 'is' : 'are'} only shown`)
  );
}
