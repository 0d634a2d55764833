/**
 * From evidence to a verdict: measures per phase, recovery, checks, thresholds, validity. pass < unknown < fail and
 * the worst wins. Nothing green comes from a run that was invalid or interrupted, and nothing that a check could not
 * see counts as seen.
 */
import { messageOf } from '../contract/errors.ts';
import type { CheckResult, Judgement, RunResult, ThresholdResult, ValidityResult } from '../contract/result.ts';
import type { Check, Evidence, Finding, VerdictStatus } from '../contract/verdict.ts';
import { allMeasures, metaOf } from './measures.ts';
import { phasesOf } from './phases.ts';
import { recoveryOf } from './recovery.ts';
import { wordVerdict } from './sentence.ts';
import { evaluateThreshold, type MeasureValues, parseThreshold } from './thresholds.ts';
import { judgeValidity } from './validity.ts';
import { formatValue } from './wording.ts';

/**
 * Judges a run.
 *
 * @param checks all checks by id; those that the plan names are made
 * @throws HarnessError for a threshold of the plan that cannot be read; plans are checked before a run, so this is
 *   a threshold that came from elsewhere
 */
export function judge(evidence: Evidence, checks: ReadonlyMap<string, Check>): Judgement {
  const phases = phasesOf(evidence);
  const measures = [...allMeasures().values()];
  const values: Record<string, Record<string, number | null>> = {};
  for (const phase of phases)
    values[phase.name] = Object.fromEntries(measures.map((measure) => [measure.id, measure.of(evidence, phase)]));

  const recovery = recoveryOf(evidence);
  const checkResults = [
    ...evidence.plan.checks.map((id) => makeCheck(id, checks.get(id), evidence)),
    ...recoveryCheck(evidence, recovery),
  ];
  const thresholds = evidence.plan.thresholds.map((text) => evaluateThreshold(parseThreshold(text), values));
  const validity = judgeValidity(evidence);
  const status = worst(checkResults, thresholds, validity);
  const sentence = wordVerdict({ evidence, status, values, recovery, checks: checkResults, thresholds, validity });
  return {
    phases,
    measureDefinitions: measures.map(metaOf),
    measures: finite(values),
    recovery,
    checks: checkResults,
    thresholds,
    validity,
    verdict: { status, ...sentence },
  };
}

function makeCheck(id: string, check: Check | undefined, evidence: Evidence): CheckResult {
  if (!check) return { id, title: id, status: 'unknown', message: `there is no check '${id}'` };
  let finding: Finding;
  try {
    finding = check.judge(evidence);
  } catch (error) {
    finding = { status: 'unknown', message: `the check itself failed: ${messageOf(error)}` };
  }
  return { id, title: check.title, ...finding };
}

/**
 * A system that stays down after the trigger is gone has failed whatever limits were set. Where there was too little
 * time to tell, nothing is claimed and nothing is held against the run; a `recovery.time` threshold is then unknown.
 */
function recoveryCheck(evidence: Evidence, recovery: RunResult['recovery']): CheckResult[] {
  const told = recovery.filter((one) => one.status !== 'unknown');
  if (told.length === 0) return [];
  const never = told.filter((one) => one.status === 'never');
  const title = 'Recovers by itself';
  const id = 'recovery';
  if (never.length > 0) {
    const healedAtMs = evidence.faults.find((fault) => fault.fault === never[0]!.fault)?.healedAtMs ?? 0;
    const watched = formatValue((evidence.measuredToMs - healedAtMs) / 1000, 's');
    const names = never.map((one) => one.fault).join(', ');
    return [{ id, title, status: 'fail', message: `not back to normal in the ${watched} after ${names} ended` }];
  }
  const words = told.map((one) =>
    one.status === 'unaffected'
      ? `stayed within normal under ${one.fault}`
      : one.recoverySec === 0
        ? `back to normal as soon as ${one.fault} ended`
        : `back to normal ${formatValue(one.recoverySec ?? 0, 's')} after ${one.fault} ended`,
  );
  return [{ id, title, status: 'pass', message: words.join('; ') }];
}

/**
 * Invariants that fail count in an invalid or interrupted run too: a lost order is lost whatever the generator did.
 * Limits and recovery say nothing when the traffic was not what was asked for, so there they are unknown.
 */
function worst(
  checks: readonly CheckResult[],
  thresholds: readonly ThresholdResult[],
  validity: ValidityResult,
): VerdictStatus {
  const sound = (status: VerdictStatus): VerdictStatus => (validity.valid || status === 'pass' ? status : 'unknown');
  const all: VerdictStatus[] = [
    validity.valid ? 'pass' : 'unknown',
    ...checks.map(({ id, status }) => (id === 'recovery' ? sound(status) : status)),
    ...thresholds.map(({ status }) => sound(status)),
  ];
  return all.includes('fail') ? 'fail' : all.includes('unknown') ? 'unknown' : 'pass';
}

/** JSON knows no Infinity: "never" is null, and the recovery list says so. Floats are cut to what means anything. */
function finite(values: MeasureValues): Record<string, Record<string, number | null>> {
  return Object.fromEntries(
    Object.entries(values).map(([phase, byId]) => [
      phase,
      Object.fromEntries(
        Object.entries(byId).map(([id, value]) => [
          id,
          value !== null && Number.isFinite(value) ? Number(value.toPrecision(12)) : null,
        ]),
      ),
    ]),
  );
}
