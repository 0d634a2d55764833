import { expect, test } from 'vitest';
import { seededRandom } from '../kit/random.ts';
import { walshLocation } from './hodges-lehmann.ts';
import { normalQuantile } from './normal.ts';
import { signedRankTest } from './signed-rank.ts';

const DEPRESSION = [0.952, -0.147, 1.022, 0.43, 0.62, 0.59, 0.49, -0.08, 0.01];

test('published: the depression scale again (Hollander and Wolfe, 1973): 0.46, and 0.010 to 0.786 at 96.1 %', () => {
  const found = walshLocation(DEPRESSION)!;
  expect(found.estimate).toBeCloseTo(0.46, 12);
  // Of the 45 averages the 6th from each end; P(T ≤ 5) = 10/512.
  expect(found.lower(1 - 10 / 512)).toBeCloseTo(0.01, 12);
  expect(found.upper(1 - 10 / 512)).toBeCloseTo(0.786, 12);
});

test('a bound is where the one-sided test begins to refuse', () => {
  const random = seededRandom(5, 'walsh');
  for (let i = 0; i < 40; i++) {
    const values = Array.from({ length: 6 + (i % 12) }, () => normalQuantile(random.next()));
    const { upper, lower } = walshLocation(values)!;
    for (const confidence of [0.9, 0.95, 0.975]) {
      const p = (shift: number): number => signedRankTest(values.map((v) => v - shift)).less.atLeast;
      expect(p(upper(confidence) - 1e-9)).toBeGreaterThan(1 - confidence);
      expect(p(upper(confidence) + 1e-9)).toBeLessThanOrEqual(1 - confidence + 1e-12);
      const q = (shift: number): number => signedRankTest(values.map((v) => v - shift)).greater.atLeast;
      expect(q(lower(confidence) + 1e-9)).toBeGreaterThan(1 - confidence);
      expect(q(lower(confidence) - 1e-9)).toBeLessThanOrEqual(1 - confidence + 1e-12);
    }
  }
});

test('bounds hold as often as they say, with heavy tails', () => {
  const random = seededRandom(6, 'coverage');
  let below = 0;
  for (let i = 0; i < 4000; i++) {
    // Cauchy: no mean, no variance.
    const values = Array.from({ length: 12 }, () => 1 + Math.tan(Math.PI * (random.next() - 0.5)));
    if (walshLocation(values)!.upper(0.95) < 1) below += 1;
  }
  // At most 5 %, of 4,000: 200, standard deviation 14.
  expect(below).toBeGreaterThan(120);
  expect(below).toBeLessThan(242);
});

test('too few values have no bound', () => {
  expect(walshLocation([1, 2, 3, 4])!.upper(0.95)).toBe(Infinity);
  expect(walshLocation([1, 2, 3, 4, 5])!.upper(0.95)).toBe(5);
  expect(walshLocation([1, 2, 3, 4, 5])!.lower(0.975)).toBe(-Infinity);
  expect(walshLocation([])).toBeNull();
});
