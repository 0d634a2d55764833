import { expect, test } from 'vitest';
import { runOrder } from './run-order.ts';

test('every run once, round after round, in an order that the seed repeats', () => {
  const order = runOrder(4, 30, 42);
  expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, i) => i));
  for (let round = 0; round < 30; round++)
    expect(order.slice(4 * round, 4 * round + 4).every((i) => Math.floor(i / 4) === round)).toBe(true);
  expect(runOrder(4, 30, 42)).toEqual(order);
  expect(runOrder(4, 30, 43)).not.toEqual(order);
});

test('each goes first about as often as the others', () => {
  const firsts = [0, 0];
  const order = runOrder(2, 400, 7);
  for (let round = 0; round < 400; round++) firsts[order[2 * round]! % 2]! += 1;
  // 200 expected, standard deviation 10.
  expect(Math.abs(firsts[0]! - 200)).toBeLessThan(40);
});

test('a single round is run as it was written', () => {
  expect(runOrder(3, 1, 42)).toEqual([0, 1, 2]);
});
