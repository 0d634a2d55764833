import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { RunResult } from '../../harness/contract/result.ts';
import { HOSTILE } from '../fixtures/hostile.ts';
import { makeComparison, makeLargeComparison, makeRun } from '../fixtures/make-fixture.ts';
import { embedJson } from './page.ts';
import { renderHtml } from './render.ts';
import { SCRIPT } from './script.ts';

const short = { durationMs: 20_000, fault: { fromMs: 8000, toMs: 12_000 } };

/** Text as a reader sees it. */
function textOf(html: string): string {
  return html
    .replace(/<(style|script)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/\s+/g, ' ');
}

test('sections stand in the order in which a person asks', () => {
  const html = renderHtml(makeRun(short));
  const order = [
    'id="verdict"',
    'id="checks"',
    'id="validity"',
    'id="tiles"',
    'id="stack"',
    'id="percentile-plot"',
    'id="operations"',
    'id="outcomes"',
    'id="endings"',
    'id="statement-table"',
    'id="again"',
  ];
  const at = order.map((id) => html.indexOf(id));
  expect(at.every((position) => position > 0)).toBe(true);
  expect(at).toEqual([...at].sort((a, b) => a - b));
});

test('the policy allows this style and this script by their hashes, and nothing else', () => {
  const html = renderHtml(makeRun(short)).replace(/&#39;/g, "'").replace(/&#61;/g, '=');
  const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64');
  const style = html.slice(html.indexOf('<style>') + 7, html.indexOf('</style>'));
  expect(html).toContain(
    `content="default-src 'none'; style-src 'sha256-${hashOf(style)}'; script-src 'sha256-${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'"`,
  );
  expect(html).not.toMatch(/ (style|on[a-z]+)="/);
  expect(html).not.toMatch(/(?:src|href)="(?!#)/);
});

test('ids are unique, even where names give the same slug, and every link has its place', () => {
  const alike = makeRun(short);
  alike.thresholds.push({ ...alike.thresholds[0]!, text: 'during.latency.p99>250ms' });
  for (const html of [
    renderHtml(alike),
    renderHtml(makeComparison({ ...short, profiles: ['hot-key', 'mass-expiry'] })),
  ]) {
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((m) => m[1]!);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    for (const [, target] of html.matchAll(/aria-labelledby="([^"]+)"/g)) expect(ids).toContain(target);
  }
});

test('budgets: script 8 KB, a run 300 KB even when it is long, a comparison 1.5 MB', () => {
  expect(Buffer.byteLength(SCRIPT)).toBeLessThanOrEqual(8192);
  expect(Buffer.byteLength(renderHtml(makeRun()))).toBeLessThanOrEqual(300_000);
  const long = makeRun({ durationMs: 600_000, slotMs: 100, ratePerSec: 60, fault: { fromMs: 100_000, toMs: 200_000 } });
  expect(long.slots.offered.length).toBe(6000);
  expect(Buffer.byteLength(renderHtml(long))).toBeLessThanOrEqual(300_000);
  const many = makeComparison({ ...short, repeats: 3, profiles: ['hot-key', 'mass-expiry', 'flash-sale'] });
  expect(many.runs.length).toBe(36);
  expect(Buffer.byteLength(renderHtml(many))).toBeLessThanOrEqual(1_500_000);
});

test('what is unknown is said and not green; interrupted and invalid runs do not pass', () => {
  const good = makeRun({ ...short, defence: 'lock-wait' });
  expect(textOf(renderHtml(good))).toContain('✓ Pass');
  const unknown: RunResult = {
    ...good,
    measures: { ...good.measures, run: { ...good.measures['run'], 'db.peakRate': null } },
  };
  expect(textOf(renderHtml(unknown))).toMatch(/peak database rate unknown/);
  expect(textOf(renderHtml({ ...good, partial: true }))).toMatch(/\? Interrupted .*nothing here counts as passed/);
  const invalid = {
    ...good,
    validity: { valid: false, findings: [{ id: 'lag', ok: false, message: 'the generator lagged' }] },
  };
  expect(textOf(renderHtml(invalid))).toMatch(/\? Invalid .*the generator lagged.*must not be used/);
  expect(renderHtml(invalid).replace(/<style[\s\S]*?<\/style>/, '')).not.toMatch(/[" ](s-)?pass[" ]|✓/);
});

test('a run without probes, fault, thresholds, cache outcomes or histograms still has its report', () => {
  const run = makeRun({ durationMs: 4000, fault: null });
  const bare: RunResult = {
    ...run,
    series: [],
    statements: [],
    thresholds: [],
    checks: [],
    examples: [],
    histograms: [],
    measures: { run: {} },
    slots: {
      ...run.slots,
      cacheOutcomes: {},
      outcomes: {},
      latencyCounts: run.slots.latencyCounts.map(() => []),
      latencyBucketEdgesUs: [],
    },
  };
  const text = textOf(renderHtml(bare));
  expect(text).toContain('Nothing was judged');
  expect(text).toContain('p99 unknown');
  expect(text).not.toMatch(/NaN|undefined|Infinity|\[object/);
  expect(textOf(renderHtml(run))).not.toMatch(/NaN|undefined|Infinity|\[object/);
});

test('a prediction that is off by more than 15 % is marked', () => {
  const run = makeRun({ ...short, defence: 'lock-wait' });
  expect(textOf(renderHtml(run))).toContain('within 15 %');
  run.measures['run']!['db.loadsPerExpiry'] = 1.3;
  const html = renderHtml(run);
  expect(textOf(html)).toContain('predicted 1: +30 % off');
  expect(html).toContain('<small class="off">');
});

test('many contenders: a mark where a prediction was missed, few of them drawn, ids unique, within the budget', () => {
  const html = renderHtml(makeLargeComparison(24, { ...short, profiles: ['hot-key', 'mass-expiry'] }));
  expect(Buffer.byteLength(html)).toBeLessThanOrEqual(1_500_000);
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((m) => m[1]!);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  const text = textOf(html);
  expect(text).toContain('8 of 24 defences are drawn');
  expect(text).toContain('6 of 24 defences are drawn');
  expect(text).toMatch(/1\.3 predicted 1 ▲ \+30 %/);
  expect(html).toMatch(/<th scope="colgroup" colspan="\d+"><span>Cost/);
});

test('contenders whose names differ in signs alone have ids of their own', () => {
  const result = makeComparison({ ...short, defences: ['cache-aside', 'lock-wait'] });
  result.runs.forEach((run, i) => (run.plan.label = i === 0 ? 'a+b' : 'a / b'));
  const ids = [...renderHtml(result).matchAll(/ id="([^"]+)"/g)].map((m) => m[1]!);
  expect(ids).toContain('s1-row-a-b');
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
});

test('embedded data can not leave its element', () => {
  const data = { text: HOSTILE, value: 1.23456789 };
  const json = embedJson(data);
  expect(json).not.toMatch(/[<>&\u2028\u2029]/);
  expect(JSON.parse(json)).toEqual({ text: HOSTILE, value: 1.235 });
});
