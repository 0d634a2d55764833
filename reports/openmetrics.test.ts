import { expect, test } from 'vitest';
import { checkOpenMetrics as check } from './fixtures/check-openmetrics.ts';
import { HOSTILE } from './fixtures/hostile.ts';
import { makeComparison, makeRun } from './fixtures/make-fixture.ts';
import { renderOpenMetrics } from './openmetrics.ts';

const short = { durationMs: 20_000, fault: { fromMs: 8000, toMs: 12_000 } };
test('measures become families in base units, with the phase as label', () => {
  const run = makeRun(short);
  const lines = check(renderOpenMetrics(run));
  const p99 = lines.find(
    (line) => line.startsWith('cachequake_latency_p99_seconds{') && line.includes('phase="during"'),
  );
  expect(Number(p99!.split(' ').at(-1))).toBeCloseTo(run.measures['during']!['latency.p99']! / 1000, 9);
  const errors = lines.find((line) => line.startsWith('cachequake_errors_rate_ratio{') && line.includes('phase="run"'));
  expect(Number(errors!.split(' ').at(-1))).toBeCloseTo(run.measures['run']!['errors.rate']! / 100, 9);
});

test('what is unknown is left out, and an invalid run does not pass', () => {
  const run = makeRun({ ...short, defence: 'lock-wait' });
  run.measures['run']!['db.peakRate'] = null;
  run.validity = { valid: false, findings: [] };
  const lines = check(renderOpenMetrics(run));
  expect(lines.some((line) => line.startsWith('cachequake_db_peak_rate') && line.includes('phase="run"'))).toBe(false);
  expect(lines.find((line) => line.includes('cachequake_verdict="pass"'))).toMatch(/ 0$/);
  expect(lines.find((line) => line.includes('cachequake_verdict="unknown"'))).toMatch(/ 1$/);
});

test('a comparison keeps families together, and hostile labels stay labels', () => {
  check(renderOpenMetrics(makeComparison({ ...short, defences: ['cache-aside', 'xfetch'], hostile: HOSTILE })));
});
