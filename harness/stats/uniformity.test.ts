import { expect, test } from 'vitest';
import { seededRandom } from '../kit/random.ts';
import { signedRankTest } from './signed-rank.ts';
import { randomisedPValue, uniformityTest } from './uniformity.ts';

test('the distance by hand, and published critical values', () => {
  expect(uniformityTest([0.1, 0.2, 0.9]).distance).toBeCloseTo(2 / 3 - 0.2, 12);
  // Critical distances at 5 %: 0.294 for 20 values, 0.134 for 100.
  const atDistance = (n: number, distance: number): number[] =>
    Array.from({ length: n }, (_, i) => Math.min(1, Math.max(0, (i + 1) / n - distance)));
  expect(uniformityTest(atDistance(20, 0.294)).pValue).toBeCloseTo(0.05, 2);
  expect(uniformityTest(atDistance(100, 0.134)).pValue).toBeCloseTo(0.05, 2);
  expect(() => uniformityTest([])).toThrow(RangeError);
  expect(() => uniformityTest([1.2])).toThrow(RangeError);
});

test('randomised p-values of an exact test are uniform under no change, ties or not', () => {
  const random = seededRandom(12, 'uniform');
  const pValues = Array.from({ length: 3000 }, () => {
    const values = Array.from({ length: 8 }, () => Math.round(4 * (random.next() - 0.5)));
    return randomisedPValue(signedRankTest(values).greater, random.next());
  });
  expect(uniformityTest(pValues).pValue).toBeGreaterThan(0.01);
  // Plain ones are not, and must not be taken for a fault.
  const squared = pValues.map((p) => p * p);
  expect(uniformityTest(squared).pValue).toBeLessThan(1e-6);
});
