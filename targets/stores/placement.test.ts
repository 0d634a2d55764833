import { expect, test } from 'vitest';
import { movedShare, placementOn, PLACEMENTS } from './_placement.ts';

const names = (n: number): string[] => Array.from({ length: n }, (_, i) => `shard-${i + 1}`);
const POINTS = 160;

test.each([2, 3, 4, 9])('a shard beside %i others moves n/(n+1) of the keys by modulo, 1/(n+1) on the ring', (n) => {
  const moved = (rule: 'modulo' | 'consistent'): number =>
    movedShare(placementOn(rule, names(n), POINTS), placementOn(rule, names(n + 1), POINTS));
  expect(moved('modulo')).toBeCloseTo(n / (n + 1), 1);
  expect(moved('consistent')).toBeGreaterThan(0.7 / (n + 1));
  expect(moved('consistent')).toBeLessThan(1.3 / (n + 1));
});

test('on the ring a key that moves goes to the new shard, and comes back when it is taken away', () => {
  const three = placementOn('consistent', names(3), POINTS);
  const four = placementOn('consistent', names(4), POINTS);
  for (let i = 0; i < 5000; i++) {
    const key = `product:${i}`;
    if (four(key) !== 3) expect(four(key)).toBe(three(key));
  }
});

test('the loss of one shard in the middle moves its own keys alone on the ring', () => {
  const all = ['a', 'b', 'c', 'd'];
  const left = ['a', 'c', 'd'];
  const before = placementOn('consistent', all, POINTS);
  const after = placementOn('consistent', left, POINTS);
  for (let i = 0; i < 5000; i++) {
    const key = `product:${i}`;
    if (all[before(key)] !== 'b') expect(left[after(key)]).toBe(all[before(key)]);
  }
});

test.each(PLACEMENTS)('%s spreads keys over all shards', (rule) => {
  const place = placementOn(rule, names(4), POINTS);
  const held = [0, 0, 0, 0];
  for (let i = 0; i < 10_000; i++) held[place(`product:${i}`)]! += 1;
  for (const count of held) {
    expect(count).toBeGreaterThan(1700);
    expect(count).toBeLessThan(3300);
  }
});

test('few points spread unevenly: the known failure of a ring without virtual nodes', () => {
  const spread = (points: number): number => {
    const place = placementOn('consistent', names(4), points);
    const held = [0, 0, 0, 0];
    for (let i = 0; i < 10_000; i++) held[place(`product:${i}`)]! += 1;
    return Math.max(...held) / Math.min(...held);
  };
  expect(spread(1)).toBeGreaterThan(2);
  expect(spread(POINTS)).toBeLessThan(1.6);
});
