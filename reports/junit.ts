/**
 * JUnit XML, which every CI system reads: a suite for each run, a case for each threshold, each check and for
 * validity. What is unknown is skipped with a reason; nothing of an invalid or interrupted run counts as passed.
 */
import { html as esc } from 'ghtml';
import type { AnyResult, RunResult } from '../harness/contract/result.ts';
import type { VerdictStatus } from '../harness/contract/verdict.ts';
import { plainText, withUnit } from './model/format.ts';
import { runsOf } from './model/measures.ts';

interface Case {
  name: string;
  kind: 'threshold' | 'check' | 'validity';
  status: VerdictStatus;
  message: string;
}

/** Renders a result as JUnit XML. */
export function renderJunit(result: AnyResult): string {
  const suites = runsOf(result).map(renderSuite);
  const sum = (pick: (suite: (typeof suites)[number]) => number): number => suites.reduce((all, s) => all + pick(s), 0);
  const head = esc`<testsuites name="cachequake" tests="${sum((s) => s.tests)}" failures="${sum((s) => s.failures)}" skipped="${sum((s) => s.skipped)}" errors="0" time="${secondsBetween(result.startedAt, result.finishedAt)}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${suites.map((s) => s.xml).join('\n')}\n</testsuites>\n`;
}

function renderSuite(run: RunResult): { xml: string; tests: number; failures: number; skipped: number } {
  const name = plainText(`${run.plan.profile.id} ${run.plan.label}`);
  const cases = casesOf(run);
  const count = (status: VerdictStatus): number => cases.filter((c) => c.status === status).length;
  const properties = Object.entries(run.measures).flatMap(([phase, values]) =>
    Object.entries(values).map(
      ([id, value]) => esc`<property name="${plainText(`${phase}.${id}`)}" value="${value ?? 'unknown'}"/>`,
    ),
  );
  const xml = [
    esc`<testsuite name="${name}" tests="${cases.length}" failures="${count('fail')}" skipped="${count('unknown')}" errors="0" timestamp="${run.startedAt}" time="${secondsBetween(run.startedAt, run.finishedAt)}">`,
    `<properties>${properties.join('')}</properties>`,
    ...cases.map((c) => renderCase(c, name)),
    esc`<system-out>${plainText(`${run.verdict.sentence}. ${run.command}`)}</system-out>`,
    '</testsuite>',
  ].join('\n');
  return { xml, tests: cases.length, failures: count('fail'), skipped: count('unknown') };
}

function casesOf(run: RunResult): Case[] {
  const doubt = run.partial ? 'the run was interrupted' : run.validity.valid ? null : 'the run is not valid';
  const judged = (status: VerdictStatus): VerdictStatus => (doubt !== null && status === 'pass' ? 'unknown' : status);
  const because = (status: VerdictStatus, message: string): string =>
    doubt !== null && status === 'pass' ? `${doubt}: ${message}` : message;
  const broken = run.validity.findings.filter((f) => !f.ok).map((f) => f.message);
  const validity = run.partial ? ['the run was interrupted', ...broken] : broken;
  return [
    ...run.thresholds.map((t): Case => {
      const message = `${t.text}: measured ${withUnit(t.actual, t.unit)}`;
      return { name: t.text, kind: 'threshold', status: judged(t.status), message: because(t.status, message) };
    }),
    ...run.checks.map((c): Case => ({
      name: `${c.id}: ${c.title}`,
      kind: 'check',
      status: judged(c.status),
      message: because(c.status, c.message),
    })),
    {
      name: 'the run is valid',
      kind: 'validity',
      status: doubt === null ? 'pass' : 'unknown',
      message: validity.join('; ') || (doubt ?? ''),
    },
  ];
}

function renderCase(one: Case, suite: string): string {
  const message = plainText(one.message);
  const inner =
    one.status === 'fail'
      ? esc`<failure type="${one.kind}" message="${message}">${message}</failure>`
      : one.status === 'unknown'
        ? esc`<skipped message="${message}"/>`
        : '';
  return esc`<testcase classname="${suite}" name="${plainText(one.name)}">!${inner}</testcase>`;
}

function secondsBetween(from: string, to: string): string {
  const ms = Date.parse(to) - Date.parse(from);
  return Number.isFinite(ms) ? (Math.max(0, ms) / 1000).toFixed(3) : '0';
}
