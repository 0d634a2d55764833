import { expect, test } from 'vitest';
import { HOSTILE } from './fixtures/hostile.ts';
import { makeComparison, makeRun } from './fixtures/make-fixture.ts';
import { renderJunit } from './junit.ts';

const short = { durationMs: 20_000, fault: { fromMs: 8000, toMs: 12_000 } };

/** Counts elements by name; throws where tags do not match or a text holds a bare `<` or `&`. */
function elements(xml: string): Map<string, number> {
  const counts = new Map<string, number>();
  const open: string[] = [];
  const body = xml.replace(/^<\?xml[^>]*\?>\n/, '');
  let at = 0;
  for (const match of body.matchAll(/<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/g)) {
    const text = body.slice(at, match.index);
    if (/[<>]/.test(text) || /&(?!#\d+;)/.test(text + match[3]))
      throw new Error(`not well formed: ${text.slice(0, 80)}`);
    at = match.index + match[0].length;
    if (match[1]) {
      if (open.pop() !== match[2]) throw new Error(`</${match[2]}> without start`);
    } else {
      counts.set(match[2]!, (counts.get(match[2]!) ?? 0) + 1);
      if (!match[4]) open.push(match[2]!);
    }
  }
  if (open.length > 0 || body.slice(at).trim() !== '') throw new Error('unclosed');
  return counts;
}

test('a case for each threshold, each check and validity; the failed one says by how much', () => {
  const run = makeRun(short);
  const xml = renderJunit(run);
  const counts = elements(xml);
  expect(counts.get('testcase')).toBe(run.thresholds.length + run.checks.length + 1);
  expect(counts.get('failure')).toBe(run.thresholds.filter((t) => t.status === 'fail').length);
  expect(xml).toMatch(/measured [\d.]+.s">/);
  expect(xml).toMatch(/<testsuites name="cachequake" tests="4" failures="1"/);
});

test('nothing of an invalid or interrupted run counts as passed', () => {
  for (const change of ['partial', 'invalid'] as const) {
    const run = makeRun({ ...short, defence: 'lock-wait' });
    expect(elements(renderJunit(run)).get('skipped')).toBeUndefined();
    if (change === 'partial') run.partial = true;
    else run.validity = { valid: false, findings: [{ id: 'dropped', ok: false, message: '400 arrivals dropped' }] };
    const counts = elements(renderJunit(run));
    expect(counts.get('skipped')).toBe(counts.get('testcase'));
  }
});

test('a comparison has a suite for each run', () => {
  const result = makeComparison({ ...short, defences: ['cache-aside', 'xfetch'] });
  expect(elements(renderJunit(result)).get('testsuite')).toBe(2);
});

test('hostile text stays text', () => {
  const xml = renderJunit(makeRun({ ...short, hostile: HOSTILE }));
  const counts = elements(xml);
  expect(counts.has('script')).toBe(false);
  expect(counts.has('img')).toBe(false);
  expect(xml).not.toMatch(/\p{Cc}(?<!\n)/u);
  expect(xml).toContain('&#60;/script&#62;');
});
