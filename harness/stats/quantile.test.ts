import { expect, test } from 'vitest';
import { bucketQuantile, median, quantile } from './quantile.ts';

test('quantiles interpolate between closest ranks', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2);
  expect(quantile([10, 20], 0.95)).toBeCloseTo(19.5, 12);
  expect(quantile([7], 0.99)).toBe(7);
  expect(quantile([], 0.5)).toBeNull();
  expect(median([3, 1, 2])).toBe(2);
});

test('quantiles of buckets interpolate inside the bucket', () => {
  // 10 values in [0, 10), 10 in [10, 30).
  expect(bucketQuantile([0, 10, 30], [10, 10], 0.5)).toBe(10);
  expect(bucketQuantile([0, 10, 30], [10, 10], 0.75)).toBe(20);
  expect(bucketQuantile([0, 10, 30], [10, 10], 1)).toBe(30);
  expect(bucketQuantile([0, 10, 30], [0, 4], 0.25)).toBe(15);
  expect(bucketQuantile([0, 10, 30], [0, 0], 0.5)).toBeNull();
});

test('a bucket without an upper edge counts as its lower edge', () => {
  expect(bucketQuantile([0, 10], [1, 99], 0.99)).toBe(10);
});
