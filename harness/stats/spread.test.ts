import { expect, test } from 'vitest';
import { mean, spreadLowerBound, standardDeviation } from './spread.ts';

test('mean and standard deviation by hand', () => {
  expect(mean([2, 4, 9])).toBe(5);
  expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 12);
  expect(standardDeviation([3])).toBeNull();
  expect(mean([])).toBeNull();
});

test('the lower bound uses the χ² distribution: published quantiles', () => {
  // χ² at 0.95: 3.841 with 1, 16.919 with 9, 35.172 with 23 degrees of freedom.
  for (const [degrees, chiSquare, percent] of [
    [1, 3.841, 2],
    [9, 16.919, 0.2],
    [23, 35.172, 0.1],
  ] as const)
    expect(
      Math.abs(spreadLowerBound(10, degrees, 0.95) / (10 * Math.sqrt(degrees / chiSquare)) - 1) * 100,
    ).toBeLessThan(percent);
});
