import { expect, test } from 'vitest';
import { seededRandom } from '../kit/random.ts';
import { meanLocation, signFlipTest } from './sign-flip.ts';

test("published: Darwin's maize, the test with which Fisher began (1935): 863 of 32,768, 835 of them beyond", () => {
  const { greater } = signFlipTest([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]);
  expect(greater.atLeast * 32_768).toBeCloseTo(863, 6);
  expect(greater.above * 32_768).toBeCloseTo(835, 6);
});

test('halves met in the middle are all sets of signs', () => {
  const random = seededRandom(2, 'sign-flip');
  for (let i = 0; i < 60; i++) {
    const values = Array.from({ length: 1 + (i % 11) }, () => Math.floor(random.next() * 9) / 10 - 0.3);
    const total = values.reduce((sum, value) => sum + value, 0);
    let hits = 0;
    for (let signs = 0; signs < 2 ** values.length; signs++)
      if (values.reduce((sum, value, j) => sum + ((signs >> j) & 1 ? value : -value), 0) >= total - 1e-9) hits += 1;
    expect(signFlipTest(values).greater.atLeast).toBeCloseTo(hits / 2 ** values.length, 12);
  }
});

test('nothing but zeros says nothing', () => {
  expect(signFlipTest([0, 0, 0])).toEqual({ greater: { atLeast: 1, above: 0 }, less: { atLeast: 1, above: 0 } });
  expect(signFlipTest([]).less.atLeast).toBe(1);
});

test('beyond forty a seeded draw agrees with the exact test', () => {
  const random = seededRandom(4, 'values');
  const values = Array.from({ length: 40 }, () => random.next() - 0.4);
  const exact = signFlipTest(values).greater.atLeast;
  // One more of next to no size.
  const drawn = signFlipTest([...values, 1e-15], seededRandom(4, 'draws')).greater.atLeast;
  expect(drawn).toBeCloseTo(exact, 1);
  expect(Math.abs(drawn - exact)).toBeLessThan(4 * Math.sqrt((exact * (1 - exact)) / 20_000) + 1e-4);
  expect(() => signFlipTest(Array.from({ length: 41 }, (_, i) => i + 1))).toThrow(RangeError);
});

test('bounds of the mean are where the test begins to refuse', () => {
  const values = [0, 0, 0, 5, 0, 0.5, 0, 4.8, -0.2, 0, 0.1, 0];
  const { estimate, upper, lower } = meanLocation(values)!;
  expect(estimate).toBeCloseTo(10.2 / 12, 12);
  const p = (shift: number): number => signFlipTest(values.map((v) => v - shift)).less.atLeast;
  expect(p(upper(0.95) - 1e-3)).toBeGreaterThan(0.05);
  expect(p(upper(0.95) + 1e-3)).toBeLessThanOrEqual(0.05);
  const q = (shift: number): number => signFlipTest(values.map((v) => v - shift)).greater.atLeast;
  expect(q(lower(0.95) + 1e-3)).toBeGreaterThan(0.05);
  expect(q(lower(0.95) - 1e-3)).toBeLessThanOrEqual(0.05);
  // A few large ones are not hidden by many zeros, as they would be from a median.
  expect(upper(0.95)).toBeGreaterThan(1);
});

test('too few values have no bound', () => {
  expect(meanLocation([1, 2, 3, 4])!.upper(0.95)).toBe(Infinity);
  expect(meanLocation([])).toBeNull();
});
