import { expect, test } from 'vitest';
import { busiestWindow, meanWithin, valuesWithin } from './windows.ts';

test('the busiest window slides and is half open', () => {
  expect(busiestWindow([0, 50, 99, 100, 149], 100)).toBe(4); // 50, 99, 100, 149
  expect(busiestWindow([0, 100, 200], 100)).toBe(1);
  expect(busiestWindow([5, 5, 5], 100)).toBe(3);
  expect(busiestWindow([], 100)).toBe(0);
});

const line = { times: [100, 200, 300, 400], values: [10, null, 30, 50] };

test('samples speak for the time before them', () => {
  expect(valuesWithin(line, 100, 300)).toEqual([30]);
  expect(valuesWithin(line, 0, 400)).toEqual([10, 30, 50]);
});

test('the mean is weighted by time and leaves lost samples out', () => {
  // 10 over [0, 100], nothing over [100, 200], 30 over [200, 300], 50 over [300, 350].
  expect(meanWithin(line, 0, 350)).toBeCloseTo((10 * 100 + 30 * 100 + 50 * 50) / 250, 12);
  expect(meanWithin(line, 100, 200)).toBeNull();
});

test('a mean that rests on less than half of the time is unknown', () => {
  expect(meanWithin(line, 90, 200)).toBeNull();
  expect(meanWithin(line, 400, 900)).toBeNull();
});
