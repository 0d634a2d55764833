import { expect, test } from 'vitest';
import { makeRun } from '../fixtures/make-fixture.ts';
import { number, milliseconds, plainText, withUnit } from './format.ts';
import { MAX_STEPS, peakOf, sampleAt, thin, timelineOf } from './timeline.ts';

test('merging slots keeps all that was counted', () => {
  const run = makeRun({ durationMs: 60_000, slotMs: 100 });
  const timeline = timelineOf(run);
  expect(timeline.tMs.length).toBeLessThanOrEqual(MAX_STEPS);
  const offered = run.slots.offered.reduce((a, b) => a + b, 0);
  expect(timeline.offered.reduce((a, b) => a + b, 0) * (timeline.stepMs / 1000)).toBeCloseTo(offered, 6);
  const cells = timeline.latency.counts.flat().reduce((a, b) => a + b, 0);
  expect(cells).toBe(offered);
});

test('p99 of a second is where 99 of 100 requests lie', () => {
  const run = makeRun({ durationMs: 4000, fault: null, slotMs: 1000 });
  run.slots.latencyBucketEdgesUs = [1000, 2000, 4000, 8000];
  run.slots.latencyCounts = [
    [990, 0, 10],
    [980, 20, 0],
    [0, 0, 0],
    [0, 0, 100],
  ];
  const values = timelineOf(run).p99.values;
  expect(values[0]).toBeCloseTo(2, 5);
  expect(values[1]).toBeCloseTo(2 * Math.SQRT2, 5);
  expect(values[2]).toBeNull();
  expect(values[3]).toBeGreaterThan(7.9);
});

test('thinning a line keeps its peak and its gaps', () => {
  const tMs = Array.from({ length: 10_000 }, (_, i) => i);
  const values: (number | null)[] = tMs.map((t) => (t >= 4000 && t < 5000 ? null : 1));
  values[7777] = 99;
  const thinned = thin({ tMs, values }, 100);
  expect(thinned.tMs.length).toBeLessThanOrEqual(200);
  expect(peakOf(thinned)).toEqual({ value: 99, tMs: 7777 });
  expect(thinned.values).toContain(null);
});

test('a sample too far away is unknown', () => {
  expect(sampleAt({ tMs: [0, 1000], values: [1, 2] }, [100, 900, 5000], 1000)).toEqual([1, 2, null]);
});

test('numbers have three significant digits and unknown is said', () => {
  expect([0.8621, 26.24, 341.4, 1413.27, 99.97, 0, -1.234].map(number)).toEqual([
    '0.862',
    '26.2',
    '341',
    '1,413',
    '100',
    '0',
    '−1.23',
  ]);
  expect([null, undefined, NaN].map(number)).toEqual(['unknown', 'unknown', 'unknown']);
  expect([0.05, 42, 1996, 2000, 999.7].map((ms) => milliseconds(ms).replace('\u00a0', ' '))).toEqual([
    '50 µs',
    '42 ms',
    '2.00 s',
    '2 s',
    '1.00 s',
  ]);
  expect(withUnit(null, '%')).toBe('unknown');
  expect(plainText('a\u001b[31m\u0000b\u202ec')).toBe('a [31m b\ufffdc');
});
