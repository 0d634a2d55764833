/** Loads are grouped into expiries by when they began. */
import { expect, test } from 'vitest';
import { groupLoads } from './_load-part.ts';

test('loads that begin within the given time of the first are one expiry, whatever order they come in', () => {
  expect(groupLoads([], 500)).toEqual([]);
  expect(groupLoads([1000, 0, 20, 1100, 1020], 500)).toEqual([2, 3]);
});

test('the time counts from the first of a group, so a steady stream of loads is not one expiry', () => {
  expect(groupLoads([0, 400, 800, 1200], 500)).toEqual([2, 2]);
});
