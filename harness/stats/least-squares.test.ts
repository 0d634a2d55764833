import { expect, test } from 'vitest';
import { seededRandom } from '../kit/random.ts';
import { leastSquares } from './least-squares.ts';

test('points on a line give that line, with no error', () => {
  const line = leastSquares([0, 1, 2, 5], [7, 5, 3, -3])!;
  expect(line.slope).toBeCloseTo(-2, 12);
  expect(line.intercept).toBeCloseTo(7, 12);
  expect(line.slopeError).toBeCloseTo(0, 12);
});

test('a case that was worked out by hand', () => {
  // Means 2 and 4; xy = 2·2 + 1·1 + 0 + 1·0 + 2·1 with signs: (-2)(-2) + (-1)(0) + 0(1) + 1(0) + 2(1) = 6; xx = 10.
  const line = leastSquares([0, 1, 2, 3, 4], [2, 4, 5, 4, 5])!;
  expect(line.slope).toBeCloseTo(0.6, 12);
  expect(line.intercept).toBeCloseTo(2.8, 12);
  // Residuals -0.8, 0.6, 1, -0.6, -0.2: squares add up to 2.4, √(2.4 / 3 / 10).
  expect(line.slopeError).toBeCloseTo(Math.sqrt(0.08), 12);
});

test('epoch times cost no digits', () => {
  const times = Array.from({ length: 50 }, (_, i) => 1_800_000_000_000 + i * 250);
  const line = leastSquares(
    times,
    times.map((_, i) => 3 * i * 250 + 11),
  )!;
  expect(line.slope).toBeCloseTo(3, 9);
});

test('the error of the slope covers noise: the true slope lies within three of it', () => {
  const random = seededRandom(5, 'noise');
  const times = Array.from({ length: 400 }, (_, i) => i);
  const line = leastSquares(
    times,
    times.map((t) => 0.25 * t + 100 * (random.next() - 0.5)),
  )!;
  expect(Math.abs(line.slope - 0.25)).toBeLessThan(3 * line.slopeError);
  expect(line.slopeError).toBeGreaterThan(0.005);
});

test('too few points or one moment say nothing', () => {
  expect(leastSquares([1, 2], [1, 2])).toBeNull();
  expect(leastSquares([4, 4, 4], [1, 2, 3])).toBeNull();
  expect(() => leastSquares([1, 2, 3], [1])).toThrow(RangeError);
});
