import { describe, expect, test } from 'vitest';
import { seededRandom } from '../kit/random.ts';
import { createZipf } from './zipf.ts';

describe.each([0, 0.5, 0.63, 0.999, 1, 1.001, 1.2, 2.5])('with an exponent of %f', (exponent) => {
  test('ranks come as often as their weights say', () => {
    const ranks = 50;
    const draws = 200_000;
    const next = createZipf(ranks, exponent, seededRandom(11, `zipf ${exponent}`));
    const counts = new Array<number>(ranks).fill(0);
    for (let i = 0; i < draws; i++) counts[next() - 1]! += 1;
    const weights = counts.map((_, i) => (i + 1) ** -exponent);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const chiSquare = counts.reduce((total, count, i) => {
      const expected = (draws * weights[i]!) / sum;
      return total + (count - expected) ** 2 / expected;
    }, 0);
    // 99.9 % of the chi-square distribution with 49 degrees of freedom.
    expect(chiSquare).toBeLessThan(85.4);
  });

  test('ranks stay in range for one, two and a hundred million keys', () => {
    for (const ranks of [1, 2, 100_000_000]) {
      const next = createZipf(ranks, exponent, seededRandom(3, `range ${exponent}`));
      for (let i = 0; i < 2000; i++) {
        const rank = next();
        expect(Number.isInteger(rank) && rank >= 1 && rank <= ranks).toBe(true);
      }
    }
  });
});

test('the most popular of a million keys gets its share at exponent 1', () => {
  const next = createZipf(1_000_000, 1, seededRandom(5, 'head'));
  let first = 0;
  for (let i = 0; i < 100_000; i++) if (next() === 1) first += 1;
  // 1 / H(1,000,000) = 0.06948; four standard deviations are 0.0032.
  expect(Math.abs(first / 100_000 - 0.06948)).toBeLessThan(0.0033);
});
