/**
 * A gate as JUnit XML: a case for each measure and one for the trust in the comparison. A regression is a failure;
 * what is undecided, not judged or not to be trusted is skipped with its reason, never passed.
 */
import { html as esc } from 'ghtml';
import type { GateResult, MeasureDecision } from '../../harness/contract/gate.ts';
import type { VerdictStatus } from '../../harness/contract/verdict.ts';
import { plainText, withUnit } from '../model/format.ts';
import {
  allowedText,
  countedStatus,
  effortText,
  failedChecksText,
  gateSentence,
  gateStatus,
  OUTCOMES,
  seenText,
} from './outcomes.ts';

interface Case {
  name: string;
  type: string;
  status: VerdictStatus;
  message: string;
}

/**
 * Renders a gate as JUnit XML.
 *
 * @param result as in `result.json`
 */
export function renderGateJunit(result: GateResult): string {
  const name = plainText(`gate ${result.plan.profile.id} ${result.plan.label}`);
  const cases = [...result.measures.map((measure) => measureCase(result, measure)), trustCase(result)];
  const countOf = (status: VerdictStatus): number => cases.filter((one) => one.status === status).length;
  const seconds = (Math.max(0, Date.parse(result.finishedAt) - Date.parse(result.startedAt)) / 1000 || 0).toFixed(3);
  const counts = esc`tests="${cases.length}" failures="${countOf('fail')}" skipped="${countOf('unknown')}" errors="0" time="${seconds}"`;
  const properties = result.measures
    .flatMap((measure): [string, number | null][] => [
      [`base.${measure.id}`, measure.base],
      [`candidate.${measure.id}`, measure.candidate],
      [`effect.${measure.id}`, measure.effect],
    ])
    .map(([key, value]) => esc`<property name="${plainText(key)}" value="${value ?? 'unknown'}"/>`);
  const { word } = gateStatus(result);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    esc`<testsuites name="cachequake" !${counts}>`,
    esc`<testsuite name="${name}" !${counts} timestamp="${plainText(result.startedAt)}">`,
    `<properties>${properties.join('')}</properties>`,
    ...cases.map((one) => renderCase(one, name)),
    esc`<system-out>${plainText(`${word}: ${gateSentence(result)}. ${effortText(result)}. ${result.repeatCommand}`)}</system-out>`,
    '</testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function measureCase(result: GateResult, measure: MeasureDecision): Case {
  const status = countedStatus(result, measure);
  const { word } = OUTCOMES[measure.outcome];
  const doubt = status === 'unknown' && OUTCOMES[measure.outcome].status === 'pass' ? 'not to be trusted: ' : '';
  const figures = `${withUnit(measure.base, measure.unit)} → ${withUnit(measure.candidate, measure.unit)}, allowed ${allowedText(measure)}, could have seen ${seenText(measure)}`;
  return {
    name: `${measure.id}: ${measure.title}`,
    type: measure.outcome,
    status,
    message: `${doubt}${word}: ${measure.why} (${figures})`,
  };
}

function trustCase(result: GateResult): Case {
  const broken = result.guards.filter((guard) => !guard.ok).map((guard) => guard.message);
  const checks = (['base', 'candidate'] as const).flatMap((side) => failedChecksText(result, side) ?? []);
  const failed = gateStatus(result).status === 'fail' && failedChecksText(result, 'candidate') !== null;
  const problems = [...(result.partial ? ['the gate was interrupted'] : []), ...broken, ...checks];
  return {
    name: 'the comparison can be trusted',
    type: 'trust',
    status: failed ? 'fail' : problems.length > 0 ? 'unknown' : 'pass',
    message: problems.join('; '),
  };
}

function renderCase(one: Case, suite: string): string {
  const message = plainText(one.message);
  const inner =
    one.status === 'fail'
      ? esc`<failure type="${one.type}" message="${message}">${message}</failure>`
      : one.status === 'unknown'
        ? esc`<skipped message="${message}"/>`
        : '';
  return esc`<testcase classname="${suite}" name="${plainText(one.name)}">!${inner}</testcase>`;
}
