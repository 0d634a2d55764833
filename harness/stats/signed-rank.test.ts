import { expect, test } from 'vitest';
import { seededRandom } from '../kit/random.ts';
import { fewestPairs, signedRankTest } from './signed-rank.ts';

/** Every set of signs, one after the other: what the dynamic programme must agree with. */
function byEnumeration(differences: readonly number[]): number {
  const sizes = differences.map(Math.abs);
  const ranks = sizes.map(
    (size) => sizes.filter((other) => other < size).length + (sizes.filter((other) => other === size).length + 1) / 2,
  );
  const kept = ranks.filter((_, i) => differences[i] !== 0);
  const seen = ranks.reduce((sum, rank, i) => (differences[i]! > 0 ? sum + rank : sum), 0);
  let hits = 0;
  for (let signs = 0; signs < 2 ** kept.length; signs++)
    if (kept.reduce((sum, rank, i) => ((signs >> i) & 1 ? sum + rank : sum), 0) >= seen) hits += 1;
  return hits / 2 ** kept.length;
}

test("published: Hamilton depression scale (Hollander and Wolfe, 1973, as in R's wilcox.test)", () => {
  const first = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
  const second = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
  const found = signedRankTest(first.map((value, i) => value - second[i]!));
  expect(found.statistic).toBe(40);
  expect(found.greater.atLeast).toBeCloseTo(0.01953125, 12);
});

test("published: Darwin's maize", () => {
  const found = signedRankTest([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]);
  expect(found.statistic).toBe(96);
  expect(2 * found.greater.atLeast).toBeCloseTo(0.04126, 5);
});

test('with ties and zeros it is the share of all sets of signs', () => {
  const random = seededRandom(11, 'signed-rank');
  for (let i = 0; i < 200; i++) {
    const n = 1 + Math.floor(random.next() * 11);
    // Few values, so that ties and zeros are the rule.
    const differences = Array.from({ length: n }, () => Math.floor(random.next() * 7) - 2);
    const found = signedRankTest(differences);
    expect(found.greater.atLeast).toBeCloseTo(byEnumeration(differences), 12);
    expect(found.less.atLeast).toBeCloseTo(byEnumeration(differences.map((d) => -d)), 12);
    expect(found.greater.above).toBeCloseTo(1 - found.less.atLeast, 12);
  }
});

test('nothing but zeros says nothing, and zeros weaken what the others say', () => {
  expect(signedRankTest([0, 0, 0]).greater.atLeast).toBe(1);
  expect(signedRankTest([]).greater.atLeast).toBe(1);
  // The two smallest are against: of ranks 1 to 6 five sets sum up to 3 or less, of ranks 4 to 9 eight to 9 or less.
  expect(signedRankTest([3, 4, 5, 6, -1, -2]).greater.atLeast).toBeCloseTo(5 / 64, 12);
  expect(signedRankTest([3, 4, 5, 6, -1, -2, 0, 0, 0]).greater.atLeast).toBeCloseTo(8 / 64, 12);
});

test('sixty pairs are counted out exactly, tied ones too', () => {
  const all = Array.from({ length: 60 }, (_, i) => 1 + (i % 7));
  expect(signedRankTest(all).greater.atLeast * 2 ** 60).toBeCloseTo(1, 12);
  expect(() => signedRankTest(Array.from({ length: 201 }, () => 1))).toThrow(RangeError);
});

test('how many pairs a level takes', () => {
  expect(fewestPairs(0.01)).toBe(7);
  expect(fewestPairs(0.01 / 6)).toBe(10);
  expect(fewestPairs(0.25)).toBe(2);
});
