import { expect, test } from 'vitest';
import { bucketOf, LATENCY_BUCKETS, LATENCY_EDGES_US, quantileOfBuckets } from './latency-buckets.ts';

test('a latency lies between the edges of its bucket', () => {
  for (let us = 0.5; us < 120_000_000; us *= 1.0137) {
    const bucket = bucketOf(us);
    expect(us).toBeGreaterThanOrEqual(LATENCY_EDGES_US[bucket]!);
    expect(us).toBeLessThan(LATENCY_EDGES_US[bucket + 1]!);
  }
  for (const [i, edge] of LATENCY_EDGES_US.slice(0, -1).entries()) expect(bucketOf(edge)).toBe(i);
});

test('edges rise by about a tenth and reach 120 s; what is longer lands in the last bucket', () => {
  for (let i = 2; i <= LATENCY_BUCKETS; i++) expect(LATENCY_EDGES_US[i]! / LATENCY_EDGES_US[i - 1]!).toBeLessThan(1.13);
  expect(LATENCY_EDGES_US.at(-1)).toBeGreaterThanOrEqual(120_000_000);
  expect(bucketOf(1e12)).toBe(LATENCY_BUCKETS - 1);
});

test('quantiles of counts are right to the width of a bucket', () => {
  const counts = new Array<number>(LATENCY_BUCKETS).fill(0);
  expect(quantileOfBuckets(counts, 0.99)).toBe(0);
  for (let us = 1000; us <= 100_000; us += 10) counts[bucketOf(us)]! += 1;
  expect(quantileOfBuckets(counts, 0.5) / 50_500).toBeGreaterThan(0.99);
  expect(quantileOfBuckets(counts, 0.5) / 50_500).toBeLessThan(1.12);
});
