import { expect, test } from 'vitest';
import type { Random } from '../contract/time.ts';
import { changePoints } from './change-points.ts';

/** A small generator of its own (mulberry32), because this folder knows no other. */
function randomOf(seed: number): Random {
  let state = seed;
  return {
    next: () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    },
  };
}

function normalOf(random: Random): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Levels with noise of standard deviation 1. */
function seriesOf(seed: number, levels: readonly (readonly [length: number, level: number])[]): number[] {
  const normal = normalOf(randomOf(seed));
  return levels.flatMap(([length, level]) => Array.from({ length }, () => level + normal()));
}

/** The definition, word by word, to hold the fast sums against. */
function slowStatistic(values: readonly number[], at: number): number {
  const [x, y] = [values.slice(0, at), values.slice(at)];
  const sum = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((all, p) => all + b.reduce((some, q) => some + Math.abs(p - q), 0), 0);
  const [m, n] = [x.length, y.length];
  const energy = (2 * sum(x, y)) / (m * n) - sum(x, x) / (m * (m - 1)) - sum(y, y) / (n * (n - 1));
  return ((m * n) / (m + n)) * energy;
}

test('a shift is found where it is, with the medians on both sides', () => {
  const [point, ...others] = changePoints(
    seriesOf(1, [
      [30, 10],
      [30, 14],
    ]),
    { random: randomOf(1) },
  );
  expect(others).toEqual([]);
  expect(point!.index).toBe(30);
  expect(point!.pValue).toBe(1 / 500);
  expect(point!.before).toBeCloseTo(10, 0);
  expect(point!.after).toBeCloseTo(14, 0);
});

test('the split is the one that the definition gives', () => {
  for (let seed = 0; seed < 20; seed++) {
    // Values that occur again and again: ties are where fast sums go wrong.
    const values = seriesOf(seed, [
      [8, 0],
      [12, 3],
    ]).map((value) => Math.round(value));
    const best = Array.from({ length: values.length - 5 }, (_, i) => i + 3)
      .map((at) => ({ at, statistic: slowStatistic(values, at) }))
      .reduce((a, b) => (b.statistic > a.statistic + 1e-9 ? b : a));
    const points = changePoints(values, { random: randomOf(seed), level: 1, permutations: 1 });
    expect(points.map((point) => point.index)).toContain(best.at);
  }
});

test('several shifts, also up and back again', () => {
  const points = changePoints(
    seriesOf(3, [
      [40, 0],
      [40, 5],
      [40, 0],
      [40, -4],
    ]),
    { random: randomOf(3) },
  );
  expect(points.length).toBe(3);
  for (const [i, at] of [40, 80, 120].entries()) expect(Math.abs(points[i]!.index - at)).toBeLessThanOrEqual(1);
});

test('a shift of two standard deviations among 20 + 20 values is found within two places in most series', () => {
  const hits = Array.from({ length: 100 }, (_, seed) => {
    const points = changePoints(
      seriesOf(seed, [
        [20, 0],
        [20, 2],
      ]),
      { random: randomOf(seed), permutations: 199 },
    );
    return points.some((point) => Math.abs(point.index - 20) <= 2);
  }).filter(Boolean).length;
  expect(hits).toBeGreaterThanOrEqual(85);
});

test('false alarms over series without a change stay at the level, whatever the distribution', () => {
  const shapes: ((random: Random) => () => number)[] = [
    normalOf,
    (random) => () => Math.exp(2 * normalOf(random)()),
    (random) => () => Math.floor(3 * random.next()),
  ];
  const series = 300;
  for (const [s, shape] of shapes.entries()) {
    const alarms = Array.from({ length: series }, (_, seed) => {
      const random = randomOf(1000 * s + seed);
      const draw = shape(random);
      const values = Array.from({ length: 30 }, draw);
      return changePoints(values, { random, permutations: 199, level: 0.05 }).length > 0;
    }).filter(Boolean).length;
    // At 5 % more than 26 of 300 alarms would come in less than 1 of 250 sets of series (binomial).
    expect(alarms).toBeLessThanOrEqual(26);
  }
});

test('the same seed gives the same points; few, equal or no values give none', () => {
  const values = seriesOf(5, [
    [15, 0],
    [15, 1.4],
  ]);
  expect(changePoints(values, { random: randomOf(9) })).toEqual(changePoints(values, { random: randomOf(9) }));
  for (const few of [[], [1], [1, 2, 9, 9, 9], Array.from({ length: 50 }, () => 7)])
    expect(changePoints(few, { random: randomOf(1) })).toEqual([]);
});

test('an outlier alone is no change', () => {
  const values = seriesOf(6, [[40, 10]]);
  values[20] = 400;
  expect(changePoints(values, { random: randomOf(6) })).toEqual([]);
});

test('3,000 values with ten shifts take seconds, not minutes', () => {
  const values = seriesOf(
    7,
    Array.from({ length: 10 }, (_, i) => [300, (i % 2) * 3] as const),
  );
  const started = performance.now();
  const points = changePoints(values, { random: randomOf(7), permutations: 199 });
  expect(performance.now() - started).toBeLessThan(25_000);
  expect(points.length).toBe(9);
});
