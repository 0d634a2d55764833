import { expect, test } from 'vitest';
import { binomialAtLeast, clopperPearson } from './clopper-pearson.ts';

test('published intervals', () => {
  const four = clopperPearson(4, 20);
  expect(four.low).toBeCloseTo(0.05733, 5);
  expect(four.high).toBeCloseTo(0.43661, 5);
  // No event in 300: the rule of three, one-sided at 95 %.
  expect(clopperPearson(0, 300, 0.9).high).toBeCloseTo(1 - 0.05 ** (1 / 300), 10);
  expect(clopperPearson(0, 300, 0.9).high).toBeLessThan(0.01);
  expect(clopperPearson(100, 100).low).toBeCloseTo(0.025 ** (1 / 100), 10);
  expect(clopperPearson(100, 100).high).toBe(1);
  expect(() => clopperPearson(5, 4)).toThrow(RangeError);
});

test('a binomial tail is the sum of its terms, and is right for many trials', () => {
  for (const [k, n, p] of [
    [3, 10, 0.2],
    [9, 10, 0.2],
    [0, 5, 0.3],
    [5, 5, 0.3],
    [2, 12, 0.9],
  ] as const) {
    let sum = 0;
    for (let i = k; i <= n; i++) {
      let term = p ** i * (1 - p) ** (n - i);
      for (let j = 1; j <= i; j++) term *= (n - j + 1) / j;
      sum += term;
    }
    expect(binomialAtLeast(k, n, p)).toBeCloseTo(sum, 12);
  }
  // By symmetry.
  expect(binomialAtLeast(4001, 8001, 0.5)).toBeCloseTo(0.5, 10);
  expect(binomialAtLeast(3, 2, 0.5)).toBe(0);
});
