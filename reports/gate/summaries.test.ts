import { stripVTControlCharacters } from 'node:util';
import { parse } from 'junit2json';
import type { TestSuite, TestSuites } from 'junit2json';
import { expect, test } from 'vitest';
import { checkOpenMetrics } from '../fixtures/check-openmetrics.ts';
import { HOSTILE } from '../fixtures/hostile.ts';
import { MAX_MARKDOWN_BYTES } from '../markdown-text.ts';
import { githubAnnotations } from './annotations.ts';
import type { GateResult } from '../../harness/contract/gate.ts';
import { makeGate } from './fixture.ts';
import { renderGateJunit } from './junit.ts';
import { renderGateMarkdown } from './markdown.ts';
import { renderGateOpenMetrics } from './openmetrics.ts';
import { renderGateTable } from './terminal.ts';

const KINDS = ['pass', 'regressed', 'undecided', 'baseline'] as const;
const ESCAPE = String.fromCharCode(27);

/** As a CI system reads it. */
async function readJunit(gate: GateResult): Promise<{ suites: TestSuites; suite: TestSuite }> {
  const suites = (await parse(renderGateJunit(gate))) as TestSuites;
  expect(suites.testsuite?.length).toBe(1);
  return { suites, suite: suites.testsuite![0]! };
}

test('the terminal says outcome, figures, decision and what to do next, without colours where none may be', () => {
  const gate = makeGate({ kind: 'regressed' });
  const text = renderGateTable(gate, { colour: false, width: 140 });
  expect(text).toMatch(
    /p99 latency +✕ regressed +2\d\.?\d*.ms +3\d\.?\d*.ms +\+2\d\.?\d*.% +\+[\d.]+ to \+[\d.]+.% +10.% +[\d.]+.%/,
  );
  expect(text.replaceAll('\u00a0', ' ')).toContain(`✕ Regressed: ${gate.verdict.sentence}`);
  expect(text).toContain(`repeat  ${gate.repeatCommand}`);
  expect(text).not.toContain(ESCAPE);
  expect(renderGateTable(gate, { colour: true, width: 140 })).toContain(ESCAPE);
  const rows = text.split('\n').filter((line) => / (✕|\?|≈|✓|★) /.test(line));
  expect(rows[0]).toContain('regressed');
});

test.each(KINDS)('%s: no line is wider than the terminal, and no measure is lost', (kind) => {
  const gate = makeGate({ kind });
  for (const width of [140, 80, 60, 40]) {
    const text = stripVTControlCharacters(renderGateTable(gate, { colour: true, width }));
    // Commands are copied, so they are never broken.
    for (const line of text.split('\n').filter((one) => !/^(repeat|accept) /.test(one)))
      expect(line.length).toBeLessThanOrEqual(width);
    for (const measure of gate.measures) expect(text).toContain(measure.title.split(': ')[0]!.slice(0, 20));
    expect(text.replace(/\s+/g, ' ')).toContain('could have seen');
  }
});

test.each(KINDS)(
  '%s: a JUnit parser finds a case for each measure, with the status that it counts for',
  async (kind) => {
    const gate = makeGate({ kind });
    const { suites, suite } = await readJunit(gate);
    const cases = suite.testcase!;
    expect(cases.length).toBe(gate.measures.length + 1);
    expect(suites.tests).toBe(cases.length);
    const failed = cases.filter((one) => one.failure !== undefined).map((one) => one.name!.split(':')[0]);
    expect(failed).toEqual(gate.measures.filter((m) => m.outcome === 'regressed').map((m) => m.id));
    expect(suites.failures).toBe(failed.length);
    const skipped = cases.filter((one) => one.skipped !== undefined);
    expect(suite.skipped).toBe(skipped.length);
    for (const measure of gate.measures.filter((m) => m.outcome === 'undecided' || m.outcome === 'reported')) {
      const one = skipped.find((other) => other.name!.startsWith(`${measure.id}:`))!;
      expect(one.skipped![0]!.message).toContain(measure.why);
    }
    if (kind === 'pass') expect(skipped).toEqual([]);
  },
);

test('nothing of a gate that was interrupted or may not be trusted counts as passed', async () => {
  for (const change of ['partial', 'guard'] as const) {
    const gate = makeGate();
    if (change === 'partial') gate.partial = true;
    else gate.guards[0] = { id: 'dropped', ok: false, message: '400 arrivals were dropped' };
    const { suite } = await readJunit(gate);
    expect(suite.skipped).toBe(suite.tests);
    expect(renderGateMarkdown(gate)).not.toContain('## ✓');
    expect(renderGateTable(gate, { colour: false, width: 100 })).not.toContain('✓ Pass');
    expect(githubAnnotations(gate)).toMatchObject([
      expect.stringMatching(/^::warning title=Gate (interrupted|undecided)::/),
    ]);
    const lines = renderGateOpenMetrics(gate).split('\n');
    expect(lines.find((line) => line.includes('cachequake_gate_decision="pass"'))).toMatch(/ 0$/);
  }
});

test('checks that failed on the candidate are told everywhere', async () => {
  const gate = makeGate({ kind: 'regressed' });
  for (const trial of gate.trials.filter(
    (one) => one.side === 'candidate' && one.pair === 2 && one.purpose === 'judge',
  ))
    trial.failedChecks = ['identity'];
  const said = 'candidate: identity failed in 1 of 24 trials';
  expect(renderGateMarkdown(gate)).toContain(said);
  expect(renderGateTable(gate, { colour: false, width: 120 })).toContain(said);
  expect(githubAnnotations(gate)[0]).toBe(`::error title=Checks failed::${said}`);
  const { suite } = await readJunit(gate);
  expect(suite.testcase!.at(-1)!.failure![0]!.message).toContain(said);
});

test('Markdown: the hidden mark, the decision, a row for each measure, the commands', () => {
  const gate = makeGate({ kind: 'baseline' });
  const lines = renderGateMarkdown(gate).split('\n');
  expect(lines[0]).toBe('<!-- cachequake-gate -->');
  expect(lines[1]).toMatch(/^## ✕ Regressed: Database queries per request is 31.% worse/);
  const rows = lines.filter((line) => line.startsWith('| ') && /[✕?★≈✓·] /.test(line));
  expect(rows.length).toBe(gate.measures.length);
  expect(rows.filter((row) => row.includes('· not judged')).length).toBe(4);
  expect(lines).toContain(`Accept the candidate as it is: \`${gate.acceptCommand}\``);
});

test('Markdown is cut at 1 MiB for a summary and at 64 KiB for a comment', () => {
  const gate = makeGate();
  gate.environment.notes = Array.from({ length: 20_000 }, (_, i) => `${i} ${'ä'.repeat(60)}`);
  for (const [place, most] of [
    ['summary', MAX_MARKDOWN_BYTES],
    ['comment', 65_536],
  ] as const) {
    const size = Buffer.byteLength(renderGateMarkdown(gate, place));
    expect(size).toBeLessThanOrEqual(most);
    expect(size).toBeGreaterThan(most - 1000);
  }
});

test('annotations: an error for each regression, escaped for GitHub, ten at most', () => {
  const gate = makeGate({ kind: 'regressed' });
  const lines = githubAnnotations(gate);
  expect(lines.filter((line) => line.startsWith('::error ')).length).toBe(3);
  const one = gate.measures.find((m) => m.outcome === 'regressed')!;
  gate.measures = Array.from({ length: 14 }, (_, i) => ({
    ...one,
    id: `m${i}`,
    title: `a:b, c ${i}: and so on`,
    why: '50 % more\nthan',
  }));
  const many = githubAnnotations(gate);
  expect(many.length).toBe(10);
  expect(many[0]).toMatch(/^::error title=a%3Ab%2C c 0 regressed::.*50 %25 more than$/);
  expect(many.at(-1)).toBe('::error title=Gate::5 more stand in the summary and in report.html');
  expect(githubAnnotations(makeGate())).toEqual([]);
  const open = githubAnnotations(makeGate({ kind: 'undecided' }));
  expect(open).toEqual([
    '::warning title=Gate undecided::too noisy to tell: p95 latency, p99 latency could be worse than allowed; the pairs depend on each other: p99 has a lag-1 autocorrelation of 0.61',
  ]);
});

test.each(KINDS)('%s: OpenMetrics in base units, plus is worse, unknown left out', (kind) => {
  const gate = makeGate({ kind });
  gate.measures.at(-1)!.effect = null;
  const lines = checkOpenMetrics(renderGateOpenMetrics(gate));
  const value = (start: string, label: string): number =>
    Number(
      lines
        .find((line) => line.startsWith(`${start}{`) && line.includes(label))
        ?.split(' ')
        .at(-1),
    );
  const p99 = gate.measures.find((m) => m.id === 'latency.p99')!;
  expect(value('cachequake_gate_effect_relative_ratio', 'measure="latency.p99"')).toBeCloseTo(p99.effect!, 9);
  expect(Number.isNaN(value('cachequake_gate_low_relative_ratio', 'measure="latency.p99"'))).toBe(p99.low === null);
  expect(value('cachequake_gate_side_latency_p99_seconds', 'side="candidate"')).toBeCloseTo(p99.candidate! / 1000, 9);
  expect(value('cachequake_gate_tolerance_difference_ratio', 'measure="cache.hitRatio"')).toBeCloseTo(0.005, 9);
  expect(lines.some((line) => line.startsWith('cachequake_gate_effect') && line.includes('errors.rate'))).toBe(false);
  const states = lines.filter((line) => line.startsWith('cachequake_gate_decision{') && line.endsWith(' 1'));
  expect(states.length).toBe(1);
  expect(states[0]).toContain(`cachequake_gate_decision="${gate.decision}"`);
});

test('what the sentence says is not said again, and what few pairs can not give is no figure', () => {
  const gate = makeGate({ kind: 'undecided' });
  const said = gate.guards.at(-1)!.message;
  gate.verdict = {
    status: 'unknown',
    sentence: `undecided after 2 pairs: ${said}`,
    explanation: `${said}. Exact tests.`,
  };
  const [first] = gate.measures.filter((m) => m.outcome === 'undecided');
  Object.assign(first!, { low: null, high: null, smallestDetectable: 0, spread: 0 });
  for (const text of [renderGateTable(gate, { colour: false, width: 160 }), renderGateMarkdown(gate)]) {
    expect(text.split('the pairs depend on each other').length).toBe(2);
    expect(text).toContain('Exact tests.');
    expect(text).toMatch(/p95 latency .*unbounded .* –/);
  }
});

test('hostile text stays text in every form', async () => {
  const gate = makeGate({ kind: 'undecided', hostile: HOSTILE });
  gate.plan.label = HOSTILE;
  const table = renderGateTable(gate, { colour: false, width: 100 });
  expect(table).not.toMatch(/\p{Cc}(?<!\n)/u);
  const xml = renderGateJunit(gate);
  expect(xml).not.toMatch(/\p{Cc}(?<!\n)|<(script|img|svg)/u);
  const { suite } = await readJunit(gate);
  expect(suite.testcase![0]!.name).toContain('</script><script>');
  const markdown = renderGateMarkdown(gate).replace(/(`+)[^\n]*?\1/g, '');
  expect(markdown.replace('<!-- cachequake-gate -->', '')).not.toMatch(/<[a-z!/]/i);
  expect(markdown).not.toMatch(/[^\\]\]\(|@[a-z]/);
  for (const line of githubAnnotations(gate)) expect(line).not.toMatch(/\p{Cc}/u);
  checkOpenMetrics(renderGateOpenMetrics(gate));
});
