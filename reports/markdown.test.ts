import { expect, test } from 'vitest';
import { HOSTILE } from './fixtures/hostile.ts';
import { makeComparison, makeRun } from './fixtures/make-fixture.ts';
import { MAX_MARKDOWN_BYTES } from './markdown-text.ts';
import { renderMarkdown } from './markdown.ts';

const short = { durationMs: 20_000, fault: { fromMs: 8000, toMs: 12_000 } };

test('the verdict comes first, then the checks with limit, measured and margin', () => {
  const run = makeRun(short);
  const text = renderMarkdown(run);
  expect(text.split('\n')[1]).toContain(`✕ Fail: ${run.verdict.sentence}`);
  expect(text).toMatch(/\| during\.latency\.p99&lt;250ms \| &lt; 250.ms \| ✕ [\d.]+.s \| \+[\d.]+.s \|/);
  expect(text).toContain(`\`${run.command}\``);
});

test('an interrupted run is not green', () => {
  const run = makeRun({ ...short, defence: 'lock-wait' });
  expect(renderMarkdown(run)).toContain('## ✓ Pass');
  expect(renderMarkdown({ ...run, partial: true })).toContain('## ? Interrupted');
});

test('a comparison has a row for each defence with measured and predicted loads', () => {
  const text = renderMarkdown(makeComparison({ ...short, defences: ['cache-aside', 'single-flight'] }));
  expect(text).toMatch(/\| cache-aside \| [\d.]+, predicted 24\.8 \|/);
  expect(text).toMatch(/\| single-flight \| 2, predicted 2 \|/);
  expect(text).toContain('| Cost: Redis operations per request |');
});

test('a prediction that was missed is marked with how far', () => {
  const result = makeComparison({ ...short, defences: ['lock-wait'] });
  result.runs[0]!.measures['run']!['db.loadsPerExpiry'] = 1.3;
  expect(renderMarkdown(result)).toContain('| lock-wait | 1.3, predicted 1: ▲ +30 % |');
});

test('hostile text is escaped: no markup, no link, no mention, no broken table', () => {
  const text = renderMarkdown(makeRun({ ...short, hostile: HOSTILE }));
  const outside = text.replace(/(`+)[^\n]*?\1/g, '');
  expect(outside.replace('<!-- cachequake -->', '')).not.toMatch(/<[a-z!/]/i);
  expect(outside).not.toMatch(/[^\\]\]\(/);
  expect(outside).not.toMatch(/@[a-z]/);
  const rows = text.split('\n').filter((line) => line.startsWith('| during.latency'));
  expect(rows[0]!.split(/(?<!\\)\|/).length).toBe(6);
});

test('what is longer than 1 MiB is cut at a line, and says so', () => {
  const run = makeRun(short);
  run.environment.notes = Array.from({ length: 20_000 }, (_, i) => `${i} ${'ä'.repeat(60)}`);
  const text = renderMarkdown(run);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_MARKDOWN_BYTES);
  expect(Buffer.byteLength(text)).toBeGreaterThan(MAX_MARKDOWN_BYTES - 1000);
  expect(text.trimEnd().split('\n').at(-1)).toContain('Cut here');
});
