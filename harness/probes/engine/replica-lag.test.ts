import { expect, test } from 'vitest';
import { ReplicaLag } from './replica-lag.ts';

test('no lag while the replica has applied what there is, also when nobody writes', () => {
  const lag = new ReplicaLag();
  for (const atMs of [0, 50, 10_000]) {
    lag.written(100, atMs);
    lag.applied(100);
    expect(lag.atMs(atMs)).toBe(0);
  }
});

test('the lag is the age of the oldest change that is missing, not of the newest', () => {
  const lag = new ReplicaLag();
  lag.written(100, 0);
  lag.applied(100);
  lag.written(200, 50); // made at 25, as far as can be known
  lag.applied(100);
  expect(lag.atMs(50)).toBe(25);
  lag.written(300, 100);
  lag.applied(100);
  expect(lag.atMs(100)).toBe(75);
  lag.applied(250); // the first of both
  expect(lag.atMs(100)).toBe(25);
  lag.applied(300);
  expect(lag.atMs(100)).toBe(0);
});

test('a replica that is cut off falls behind for as long as it is, from the first change that it misses', () => {
  const lag = new ReplicaLag();
  lag.written(100, 0);
  lag.applied(100);
  for (let atMs = 50; atMs <= 1000; atMs += 50) lag.written(atMs < 500 ? 100 : 200, atMs);
  expect(lag.atMs(1000)).toBe(525);
});

test('what was open at the first look counts from then', () => {
  const lag = new ReplicaLag();
  lag.written(500, 1000);
  lag.applied(100);
  expect(lag.atMs(1000)).toBe(0);
  expect(lag.atMs(1200)).toBe(200);
});
