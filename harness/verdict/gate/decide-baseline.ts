/**
 * The decision against a stored baseline: counts only, as two independent samples. Times are shown beside what they
 * were when the baseline was accepted and never judged, not even on the same machine: it was another day.
 */
import type { Baseline, GateDecision, GateRules, MeasureDecision, Trial } from '../../contract/gate.ts';
import type { MeasureMeta } from '../../contract/verdict.ts';
import { median } from '../../stats/quantile.ts';
import { rankSumTest, shiftBetween } from '../../stats/rank-sum.ts';
import { standardDeviation } from '../../stats/spread.ts';
import { counted } from '../wording.ts';
import { conclude, type ScopedGuard } from './conclude.ts';
import type { Look } from './decide-measure.ts';
import { judgeErrorCap } from './error-cap.ts';
import { judgeFaults } from './faults.ts';
import { allEqual, exactly, type MeasureFinding, scaleFor, told, worseSign } from './finding.ts';
import { fewestTrialsFor, testsOf } from './several.ts';
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

/** Decides. A clear pass ends the gate at the first look; a regression is tested once, at the last. */
export function decideAgainstBaseline(input: BaselineInput): GateDecision {
  const { baseline, rules } = input;
  const trials = input.trials.filter(({ invalid }) => invalid.length === 0);
  const look = lookOf(trials.length, input);
  const baselineTrials = Math.max(0, ...Object.values(baseline.counts).map((values) => values.length));
  const findings: MeasureFinding[] = [];
  const absent: string[] = [];
  for (const meta of input.measures) {
    if (meta.evidence !== 'count' || rules.tolerances[meta.id] === undefined) continue;
    const finding = countFinding(meta, input, trials);
    if (finding) findings.push(finding);
    else absent.push(meta.id);
  }
  // A baseline is accepted from sound trials only: none of them failed a check.
  const faults = judgeFaults([], trials, baselineTrials, rules.alpha, look === 'first' || look === 'last');
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
    ...(absent.length > 0 && trials.length > 0
      ? [
          {
            id: 'absent-measures',
            ok: true,
            forbids: 'pass',
            message: `not measured here: ${absent.join(', ')}`,
          } as const,
        ]
      : []),
  ];
  return conclude({
    findings,
    reported: input.measures
      .filter(({ evidence }) => evidence === 'time')
      .flatMap((meta) => timeOf(meta, input, trials)),
    guards,
    faults: [...faults.regressed, ...cap.regressed],
    look,
    rules,
    n: trials.length,
    fewest: fewestTrialsFor(baselineTrials, testsOf(findings), rules),
    noun: 'trial',
    hurried: look === 'last' && trials.length < rules.lastLook ? 'when time was up' : null,
    method: `Exact one-sided rank-sum tests against ${counted(baselineTrials, 'trial')} of the baseline`,
  });
}

function lookOf(count: number, { rules, atLastLook }: BaselineInput): Look {
  if (atLastLook || count >= rules.lastLook) return 'last';
  if (count === rules.firstLook) return 'first';
  return count < rules.firstLook ? 'before' : 'between';
}

/** Baselines keep four significant digits: what a person reviews, and what both sides are held to. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function countFinding(meta: MeasureMeta, input: BaselineInput, trials: readonly Trial[]): MeasureFinding | null {
  const rule = input.rules.tolerances[meta.id]!;
  const stored = input.baseline.counts[meta.id];
  const bases = (stored ?? []).filter((value) => value !== null).map(rounded);
  const candidates = trials.flatMap((trial) => trial.measures[meta.id] ?? []).map(rounded);
  if (bases.length === 0 && candidates.length === 0) return null;
  const common = { meta, base: median(bases), candidate: median(candidates), n: candidates.length };
  if (bases.length === 0 || candidates.length === 0) {
    const note =
      bases.length > 0
        ? 'the baseline knows it, the candidate does not tell'
        : 'the baseline does not know it: accept a new one';
    const margin = rule.scale === 'ratio' ? Math.log1p(rule.tolerance) : rule.tolerance;
    const nothing = { spread: null, location: null, greater: null, less: null };
    return { ...common, scale: rule.scale, margin, kind: 'unknown', ...nothing, note };
  }
  const { scale, margin, note } = scaleFor(rule, [...bases, ...candidates], median(bases)!);
  const inner = (value: number): number => worseSign(meta) * (scale === 'ratio' ? Math.log(value) : value);
  const [before, after] = [bases.map(inner), candidates.map(inner)];
  const location = shiftBetween(before, after)!;
  const size = Math.max(...bases.map(Math.abs), 1e-300);
  const found = { ...common, scale, margin, note, spread: pooledSpread(before, after) };
  if (allEqual(bases, size) && allEqual(candidates, size)) {
    return { ...found, kind: 'exact', location: exactly(location.estimate), greater: null, less: null };
  }
  const { greater, less } = rankSumTest(before, after);
  return { ...found, kind: 'tested', location, greater, less };
}

/** Of a difference of one trial each, so that the formulas for pairs hold. */
function pooledSpread(before: readonly number[], after: readonly number[]): number | null {
  const known = [standardDeviation(before), standardDeviation(after)].filter((value) => value !== null);
  return known.length === 0 ? null : Math.SQRT2 * Math.sqrt(known.reduce((sum, s) => sum + s * s, 0) / known.length);
}

function timeOf(
  meta: MeasureMeta,
  { baseline, rules, sameMachine }: BaselineInput,
  trials: readonly Trial[],
): MeasureDecision[] {
  const bases = (baseline.times[meta.id] ?? []).filter((value) => value !== null);
  const candidates = trials.flatMap((trial) => trial.measures[meta.id] ?? []);
  if (bases.length === 0 || candidates.length === 0) return [];
  const rule = rules.tolerances[meta.id] ?? { scale: 'ratio', tolerance: 0 };
  const { scale, margin } = scaleFor(rule, [...bases, ...candidates], median(bases)!);
  const inner = (value: number): number => worseSign(meta) * (scale === 'ratio' ? Math.log(value) : value);
  const effect = told(shiftBetween(bases.map(inner), candidates.map(inner))!.estimate, scale)!;
  const where = sameMachine ? 'on another day' : 'from another machine';
  return [
    {
      ...meta,
      outcome: 'reported',
      scale,
      base: median(bases),
      candidate: median(candidates),
      effect,
      low: null,
      high: null,
      tolerance: told(margin, scale)!,
      pValue: null,
      adjustedP: null,
      n: candidates.length,
      spread: null,
      smallestDetectable: null,
      pairsNeeded: null,
      why: `${effectText(effect, { ...meta, scale })}; a time ${where} is shown and never judged`,
    },
  ];
}
