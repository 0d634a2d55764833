import { expect, test } from 'vitest';
import { seededRandom } from '../kit/random.ts';
import { rankSumTest, shiftBetween, smallestRankSumP } from './rank-sum.ts';

/** Every deal of the values into two samples. */
function byEnumeration(first: readonly number[], second: readonly number[]): number {
  const all = [...first, ...second];
  const wins = (inSecond: (i: number) => boolean): number => {
    let u = 0;
    all.forEach((b, i) => {
      if (inSecond(i))
        all.forEach((a, j) => {
          if (!inSecond(j)) u += b > a ? 1 : b === a ? 0.5 : 0;
        });
    });
    return u;
  };
  const seen = wins((i) => i >= first.length);
  let hits = 0;
  let deals = 0;
  for (let set = 0; set < 2 ** all.length; set++) {
    const inSecond = (i: number): boolean => ((set >> i) & 1) === 1;
    if (all.filter((_, i) => inSecond(i)).length !== second.length) continue;
    deals += 1;
    if (wins(inSecond) >= seen) hits += 1;
  }
  return hits / deals;
}

const AT_TERM = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
const EARLIER = [1.15, 0.88, 0.9, 0.74, 1.21];

test("published: permeability of a membrane (Hollander and Wolfe, 1973, as in R's wilcox.test): p 0.1272, shift 0.305", () => {
  expect(rankSumTest(EARLIER, AT_TERM).greater.atLeast).toBeCloseTo(0.1272, 4);
  expect(shiftBetween(EARLIER, AT_TERM)!.estimate).toBeCloseTo(0.305, 12);
});

test('with ties it is the share of all deals', () => {
  const random = seededRandom(8, 'rank-sum');
  const draw = (count: number): number[] => Array.from({ length: count }, () => Math.floor(random.next() * 5));
  for (let i = 0; i < 40; i++) {
    const [first, second] = [draw(1 + (i % 5)), draw(1 + (i % 4))];
    expect(rankSumTest(first, second).greater.atLeast).toBeCloseTo(byEnumeration(first, second), 12);
    expect(rankSumTest(first, second).less.atLeast).toBeCloseTo(byEnumeration(second, first), 12);
  }
});

test('a bound of the shift is where the test begins to refuse', () => {
  const random = seededRandom(9, 'shift');
  for (let i = 0; i < 20; i++) {
    const first = Array.from({ length: 8 }, () => random.next());
    const second = Array.from({ length: 4 + (i % 5) }, () => random.next() + 0.2);
    const { upper, lower } = shiftBetween(first, second)!;
    const moved = (shift: number): number[] => second.map((value) => value - shift);
    expect(rankSumTest(first, moved(upper(0.95) - 1e-9)).less.atLeast).toBeGreaterThan(0.05);
    expect(rankSumTest(first, moved(upper(0.95) + 1e-9)).less.atLeast).toBeLessThanOrEqual(0.05);
    expect(rankSumTest(first, moved(lower(0.95) + 1e-9)).greater.atLeast).toBeGreaterThan(0.05);
    expect(rankSumTest(first, moved(lower(0.95) - 1e-9)).greater.atLeast).toBeLessThanOrEqual(0.05);
  }
});

test('what two samples can show at best', () => {
  expect(smallestRankSumP(8, 4)).toBeCloseTo(1 / 495, 12);
  expect(smallestRankSumP(8, 8)).toBeCloseTo(1 / 12_870, 12);
  expect(rankSumTest([1, 2, 3], [4, 5]).greater.atLeast).toBeCloseTo(smallestRankSumP(3, 2), 12);
  expect(shiftBetween([1, 2], [3, 4])!.upper(0.95)).toBe(Infinity);
  expect(shiftBetween([], [1])).toBeNull();
  expect(() => rankSumTest([], [1])).toThrow(RangeError);
});
