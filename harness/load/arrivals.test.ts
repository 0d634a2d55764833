import { expect, test } from 'vitest';
import type { ArrivalSegment } from '../contract/load.ts';
import { seededRandom } from '../kit/random.ts';
import { createArrivals } from './arrivals.ts';

function segment(durationMs: number, fromRatePerSec: number, toRatePerSec = fromRatePerSec): ArrivalSegment {
  return { name: 's', durationMs, fromRatePerSec, toRatePerSec, recorded: true };
}

function draw(kind: 'poisson' | 'constant', segments: ArrivalSegment[], seed = 1): { atMs: number; segment: number }[] {
  const arrivals = createArrivals(kind, segments, seededRandom(seed, 'arrivals'));
  const all = [];
  for (let atMs = arrivals.next(); atMs !== Infinity; atMs = arrivals.next())
    all.push({ atMs, segment: arrivals.segment });
  return all;
}

test('constant arrivals are evenly spaced and as many as the rate says', () => {
  const times = draw('constant', [segment(1000, 100)]).map(({ atMs }) => atMs);
  expect(times).toHaveLength(100);
  for (const [i, atMs] of times.entries()) expect(atMs).toBeCloseTo(5 + 10 * i, 6);
});

test('constant arrivals over a ramp stand where the integrated rate reaches i + ½', () => {
  const all = draw('constant', [segment(1000, 50), segment(4000, 0, 200), segment(1000, 200, 100)]);
  expect(all).toHaveLength(50 + 400 + 150);
  for (const [i, { atMs, segment: index }] of all.entries()) {
    const t = (atMs - [0, 1000, 5000][index]!) / 1000;
    const integrated = [50 * t, 50 + 25 * t * t, 450 + 200 * t - 50 * t * t][index]!;
    expect(integrated).toBeCloseTo(i + 0.5, 6);
  }
});

test('a Poisson process has exponential gaps of the asked mean', () => {
  const times = draw('poisson', [segment(100_000, 1000)]).map(({ atMs }) => atMs);
  // The count's standard deviation is 316.
  expect(Math.abs(times.length - 100_000)).toBeLessThan(1300);
  const gaps = times.slice(1).map((atMs, i) => atMs - times[i]!);
  // Ten intervals of equal probability under an exponential distribution with a mean of 1 ms.
  const counts = new Array<number>(10).fill(0);
  for (const gap of gaps) counts[Math.min(9, Math.floor(10 * (1 - Math.exp(-gap))))]! += 1;
  const expected = gaps.length / 10;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 99.9 % of the chi-square distribution with 9 degrees of freedom.
  expect(chiSquare).toBeLessThan(27.9);
  // Gaps are independent: neighbouring ones do not go together.
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const together = gaps.slice(1).reduce((sum, gap, i) => sum + (gap - mean) * (gaps[i]! - mean), 0) / gaps.length;
  expect(Math.abs(together / mean ** 2)).toBeLessThan(0.013);
});

test('a thinned Poisson process follows a ramp, a step and a silence', () => {
  const all = draw('poisson', [segment(20_000, 0, 1000), segment(1000, 0), segment(5000, 4000)]);
  const within = (fromMs: number, toMs: number): number =>
    all.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).length;
  // Four standard deviations each.
  expect(Math.abs(within(0, 10_000) - 2500)).toBeLessThan(200);
  expect(Math.abs(within(10_000, 20_000) - 7500)).toBeLessThan(350);
  expect(within(20_000, 21_000)).toBe(0);
  expect(Math.abs(within(21_000, 26_000) - 20_000)).toBeLessThan(570);
  expect(all.every(({ atMs }, i) => i === 0 || atMs >= all[i - 1]!.atMs)).toBe(true);
  expect(all.filter(({ segment: index }) => index === 2)).toHaveLength(within(21_000, 26_000));
});

test('the seed decides the times', () => {
  const segments = [segment(1000, 100, 300)];
  expect(draw('poisson', segments, 1)).toEqual(draw('poisson', segments, 1));
  expect(draw('poisson', segments, 1)).not.toEqual(draw('poisson', segments, 2));
});
