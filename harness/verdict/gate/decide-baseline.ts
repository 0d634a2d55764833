/**
 * The decision against a stored baseline: counts only. Trial by trial, the candidate's is held against the baseline's
 * of the same number, which had the same arrivals and keys: how many expiries fell into it and which keys were asked for
 * is the same on both sides, and so no noise. Times are shown beside what they were when the baseline was accepted and
 * never judged, not even on the same machine: it was another day.
 */
import type { Baseline, GateDecision, GateRules, MeasureDecision, Trial } from '../../contract/gate.ts';
import type { MeasureMeta } from '../../contract/verdict.ts';
import { fourDigits } from '../../kit/four-digits.ts';
import { counted } from '../wording.ts';
import { conclude, type ScopedGuard } from './conclude.ts';
import type { MeasuredPair } from './counting.ts';
import { judgeErrorCap } from './error-cap.ts';
import { judgeFaults } from './faults.ts';
import { type MeasureFinding, told } from './finding.ts';
import { absentGuard } from './guards.ts';
import { lookOf } from './looks.ts';
import { pairFinding } from './pair-finding.ts';
import { fewestPairsFor, testsOf } from './several.ts';
import { effectText } from './words.ts';

export interface BaselineInput {
  baseline: Baseline;
  /** Of the candidate, all so far. */
  trials: readonly Trial[];
  /** Of everything that was measured; counts with a tolerance are judged. */
  measures: readonly MeasureMeta[];
  rules: GateRules;
  sameMachine: boolean;
  /** No more trials will come: decide with what there is. */
  atLastLook: boolean;
}

/** Decides. A clear pass, and what differs without any noise, ends the gate at the first look. */
export function decideAgainstBaseline(input: BaselineInput): GateDecision {
  const { baseline, rules } = input;
  const trials = input.trials.filter(({ invalid }) => invalid.length === 0);
  const baselineTrials = trialsOf(baseline);
  const pairs = trials.filter(({ pair }) => pair < baselineTrials).map((trial) => pairOf(baseline, trial));
  const look = lookOf(pairs.length, rules, input.atLastLook);
  const findings: MeasureFinding[] = [];
  const absent: string[] = [];
  for (const meta of input.measures) {
    if (meta.evidence !== 'count' || rules.tolerances[meta.id] === undefined) continue;
    const finding = pairFinding(meta, rules.tolerances[meta.id]!, pairs);
    if (finding) findings.push(finding.kind === 'unknown' ? { ...finding, note: unknownNote(finding) } : finding);
    else absent.push(meta.id);
  }
  const fewest = fewestPairsFor(testsOf(findings), rules);
  // A baseline is accepted from sound trials only: none of them failed a check.
  const faults = judgeFaults([], input.trials, baselineTrials, rules.alpha, look === 'first' || look === 'last');
  const cap = judgeErrorCap(
    (input.baseline.counts['errors.rate'] ?? []).filter((value) => value !== null),
    trials.flatMap(({ measures }) => measures['errors.rate'] ?? []),
  );
  const invalid = input.trials.length - trials.length;
  const guards: ScopedGuard[] = [
    {
      id: 'invalid-trials',
      ok: invalid <= 1,
      forbids: 'pass',
      message:
        invalid === 0
          ? 'all trials are valid'
          : `${invalid} of ${counted(input.trials.length, 'trial')} invalid (${[...new Set(input.trials.flatMap((t) => t.invalid))].join('; ')})`,
    },
    ...faults.guards,
    ...cap.guards,
    {
      id: 'machine',
      ok: true,
      forbids: 'pass',
      message: `${input.sameMachine ? 'the baseline is from this machine' : 'the baseline is from another machine'}: counts are judged, times are only shown`,
    },
    ...(absent.length > 0 && trials.length > 0 ? [absentGuard(absent)] : []),
  ];
  return conclude({
    findings,
    reported: input.measures
      .filter(({ evidence }) => evidence === 'time')
      .flatMap((meta) => timeOf(meta, input, pairs)),
    guards,
    faults: [...faults.regressed, ...cap.regressed],
    look,
    rules,
    n: pairs.length,
    fewest,
    fewestHint: baselineTrials < fewest ? 'accept a baseline of more trials, with --baseline-trials' : null,
    noun: 'trial',
    hurried: look === 'last' && pairs.length < Math.min(rules.lastLook, baselineTrials) ? 'when time was up' : null,
    method: "Exact one-sided tests of trials paired with the baseline's by their traffic",
  });
}

/** Trials that a baseline was accepted from. */
export function trialsOf({ counts }: Baseline): number {
  return Math.max(0, ...Object.values(counts).map((values) => values.length));
}

/** A trial of the candidate with the baseline's of the same traffic; both at the digits that the file keeps. */
function pairOf({ counts, times }: Baseline, { pair, measures, timesInvalid }: Trial): MeasuredPair {
  const stored = Object.entries({ ...counts, ...times }).map(([id, values]) => [id, values[pair] ?? null] as const);
  const now = Object.entries(measures).map(([id, value]) => [id, fourDigits(value)] as const);
  return {
    base: { measures: Object.fromEntries(stored), timesInvalid: [] },
    candidate: { measures: Object.fromEntries(now), timesInvalid },
  };
}

function unknownNote({ base, candidate, note }: MeasureFinding): string | null {
  if (base === null) return 'the baseline does not know it: accept a new one';
  return candidate === null ? 'the baseline knows it, the candidate does not tell' : note;
}

function timeOf(meta: MeasureMeta, input: BaselineInput, pairs: readonly MeasuredPair[]): MeasureDecision[] {
  const rule = input.rules.tolerances[meta.id] ?? { scale: 'ratio', tolerance: 0 };
  const finding = pairFinding(meta, rule, pairs);
  const effect = told(finding?.location?.estimate ?? null, finding?.scale ?? rule.scale);
  if (finding === null || effect === null) return [];
  const { scale, margin, base, candidate, n } = finding;
  const where = input.sameMachine ? 'on another day' : 'from another machine';
  return [
    {
      ...meta,
      outcome: 'reported',
      scale,
      base,
      candidate,
      effect,
      low: null,
      high: null,
      tolerance: told(margin, scale)!,
      pValue: null,
      adjustedP: null,
      n,
      spread: null,
      smallestDetectable: null,
      pairsNeeded: null,
      why: `${effectText(effect, { ...meta, scale })}; a time ${where} is shown and never judged`,
    },
  ];
}
