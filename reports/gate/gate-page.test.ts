import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { HOSTILE } from '../fixtures/hostile.ts';
import { makeGate } from './fixture.ts';
import { renderGateHtml } from './gate-page.ts';
import { pairsOf } from './pairs.ts';

const KINDS = ['pass', 'regressed', 'undecided', 'baseline'] as const;

/** Text as a reader sees it. */
function textOf(html: string): string {
  return html
    .replace(/<(style|script)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/\s+/g, ' ');
}

test('sections stand in the order in which a person asks', () => {
  const html = renderGateHtml(makeGate({ kind: 'regressed' }));
  const order = [
    'verdict',
    'measures',
    'guards',
    'forest',
    'forest-1',
    'forest-2',
    'pairs-stack',
    'shift',
    'sides-table',
    'repeat',
    'trials',
    'plan',
  ];
  const at = order.map((id) => html.indexOf(` id="${id}"`));
  expect(at.every((position) => position > 0)).toBe(true);
  expect(at).toEqual([...at].sort((a, b) => a - b));
});

test.each(KINDS)('%s: within 400 KB, ids unique, nothing unreadable, policy by hashes', (kind) => {
  const html = renderGateHtml(makeGate({ kind, pairs: 24 }));
  expect(Buffer.byteLength(html)).toBeLessThanOrEqual(400_000);
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((m) => m[1]!);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  for (const [, target] of html.matchAll(/aria-labelledby="([^"]+)"/g)) expect(ids).toContain(target);
  expect(textOf(html)).not.toMatch(/NaN|undefined|Infinity|\[object/);
  expect(html.replace(/<(style|script)[\s\S]*?<\/\1>/g, '')).not.toMatch(/NaN|undefined|Infinity| (style|on[a-z]+)="/);
  const plain = html.replace(/&#39;/g, "'").replace(/&#61;/g, '=');
  const style = plain.slice(plain.indexOf('<style>') + 7, plain.indexOf('</style>'));
  expect(plain).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`);
});

test('the figures of a measure: both sides, change, interval, allowed, outcome, what could have been seen', () => {
  const gate = makeGate({ kind: 'regressed' });
  const text = textOf(renderGateHtml(gate));
  expect(text).toMatch(
    /p99 latency 2\d\.\d % worse beyond doubt.*? ✕ regressed p = [\d.]+ 2\d\.?\d* ms 3\d\.?\d* ms \+2\d\.?\d* % \+[\d.]+ to \+[\d.]+ % 10 % [\d.]+ %/,
  );
  expect(text).toMatch(/✕ Regressed (?!Regressed)/);
  expect(text).toMatch(/slower from p8\d up, most at p9[\d.]+/);
});

test('what could not have been seen is marked, and an untrusted or interrupted gate has no green verdict', () => {
  const open = textOf(renderGateHtml(makeGate({ kind: 'undecided' })));
  expect(open).toContain('more than is allowed');
  expect(open).toMatch(/Not to be trusted: the pairs depend on each other/);
  expect(open).toMatch(/pairs would tell/);
  const gate = makeGate();
  expect(textOf(renderGateHtml(gate))).toContain('✓ Pass');
  expect(textOf(renderGateHtml({ ...gate, partial: true }))).toMatch(/\? Interrupted .*nothing here counts as passed/);
});

test('against a baseline: times are not judged, no shift is drawn, the candidate can be accepted', () => {
  const gate = makeGate({ kind: 'baseline' });
  const html = renderGateHtml(gate);
  const text = textOf(html);
  expect(text).toContain('· not judged');
  expect(text).toContain('another machine’s');
  expect(text).toContain('accepted 2025-12-20 09:30 UTC on another machine');
  expect(text).toContain(gate.acceptCommand!);
  expect(html).not.toContain('id="shift"');
});

test('a gate with nothing known still has its report', () => {
  const gate = makeGate();
  gate.trials = [];
  gate.measures = gate.measures.map((m) => ({
    ...m,
    outcome: 'undecided',
    base: null,
    candidate: null,
    effect: null,
    low: null,
    high: null,
    spread: null,
    smallestDetectable: null,
    pValue: null,
    adjustedP: null,
    n: 0,
  }));
  const text = textOf(renderGateHtml(gate));
  expect(text).toContain('No change could be estimated.');
  expect(text).toContain('No trial has a known value.');
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
  expect(textOf(renderGateHtml({ ...gate, measures: [] }))).toContain('Nothing was judged');
});

test('an interval out of all proportion does not squeeze the others', () => {
  const gate = makeGate();
  const wide = gate.measures.find((m) => m.id === 'latency.p99')!;
  Object.assign(wide, { outcome: 'undecided', effect: 0.1, low: -0.9, high: 12 });
  const html = renderGateHtml(gate);
  // The band of 5 % on both sides is still a tenth of the drawing.
  const bands = [...html.matchAll(/<rect class="tol" x="[\d.]+%" width="([\d.]+)%" y="\d+" height="20"\/>/g)];
  expect(Math.min(...bands.slice(0, 3).map((m) => Number(m[1])))).toBeGreaterThan(5);
});

test('an interval without ends goes over the whole drawing, and what is not judged is in the table alone', () => {
  const gate = makeGate();
  const open = gate.measures.find((m) => m.id === 'latency.p99')!;
  Object.assign(open, { outcome: 'undecided', low: null, high: null });
  const html = renderGateHtml(gate);
  expect(html).toMatch(/<line class="ci c5" x1="0%" x2="100%"/);
  expect(html.replace(/<(style|script)[\s\S]*?<\/\1>/g, '')).not.toMatch(/NaN/);
  expect(textOf(renderGateHtml(makeGate({ kind: 'baseline' })))).toContain('4 measures are not judged');
});

test('hostile text can not leave its place', () => {
  const html = renderGateHtml(makeGate({ kind: 'undecided', hostile: HOSTILE }));
  expect(html.match(/<script/g)!.length).toBe(2);
  expect(html).not.toMatch(/<img|<svg onload/);
});

test('a trial that a burst of stolen CPU fell into is named, and side by side its pair is not judged', () => {
  const disturb = (gate: ReturnType<typeof makeGate>): ReturnType<typeof makeGate> => ({
    ...gate,
    trials: gate.trials.map((trial) =>
      trial.purpose === 'judge' && trial.pair === 3 && trial.side === 'candidate'
        ? { ...trial, stolenCpuShare: 0.4 }
        : trial,
    ),
  });
  const beside = disturb(makeGate({ kind: 'pass' }));
  expect(pairsOf(beside).filter(({ valid, pair }) => !valid && pair === 3)).toHaveLength(1);
  expect(textOf(renderGateHtml(beside))).toContain('a burst of stolen CPU time');
  // Counts do not mind it.
  const against = disturb(makeGate({ kind: 'baseline' }));
  expect(pairsOf(against).find(({ pair }) => pair === 3)).toMatchObject({ valid: true });
  expect(textOf(renderGateHtml(against))).not.toContain('a burst of stolen CPU time');
});
