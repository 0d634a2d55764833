import { expect, test } from 'vitest';
import { normalCdf, normalQuantile } from './normal.ts';

test('published values of the distribution', () => {
  expect(normalCdf(0)).toBe(0.5);
  expect(normalCdf(1.959963984540054)).toBeCloseTo(0.975, 14);
  expect(normalCdf(-3)).toBeCloseTo(1.3498980316300946e-3, 15);
  expect(normalCdf(-6) / 9.865876450376946e-10).toBeCloseTo(1, 12);
  expect(normalCdf(-10) / 7.619853024160527e-24).toBeCloseTo(1, 12);
  expect(normalCdf(8)).toBeCloseTo(1, 14);
});

test('published quantiles', () => {
  expect(normalQuantile(0.5)).toBeCloseTo(0, 14);
  expect(normalQuantile(0.95)).toBeCloseTo(1.6448536269514722, 13);
  expect(normalQuantile(0.99)).toBeCloseTo(2.3263478740408408, 13);
  expect(normalQuantile(1e-10)).toBeCloseTo(-6.361340902404056, 11);
  expect(normalQuantile(0)).toBe(-Infinity);
  expect(normalQuantile(1)).toBe(Infinity);
  expect(() => normalQuantile(1.1)).toThrow(RangeError);
});

test('the quantile undoes the distribution, in the tails too', () => {
  for (let z = -12; z <= 6; z += 0.37) expect(normalQuantile(normalCdf(z))).toBeCloseTo(z, z > 5 ? 6 : 9);
});
