import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Sampler } from '../../contract/probe.ts';
import { realClock } from '../../kit/clock.ts';
import { Sampling } from './sampling.ts';

function sampler(sample: Sampler['sample']): Sampler {
  return { fields: [], sample, finish: async () => ({}), close: async () => {} };
}

test('the period does not drift: the n-th sample is due at n periods from the start', async () => {
  const sampling = new Sampling(
    sampler(async () => ({ a: 1 })),
    20,
    realClock,
  );
  const startMs = realClock.nowMs();
  await delay(1_010);
  const lost = sampling.lostAtMs.length;
  await sampling.stop();
  const taken = sampling.samples.slice(0, -1);
  // Every period has either a sample or a loss; a busy machine may take a few away, never add any.
  expect(taken.length + lost).toBeGreaterThanOrEqual(49);
  expect(taken.length + lost).toBeLessThanOrEqual(52);
  const offsets = taken.map(({ atMs }) => (atMs - startMs) % 20).sort((a, b) => a - b);
  // With drift the offsets would spread over the whole period; the middle one stays near its start.
  const middle = offsets[Math.floor(offsets.length / 2)]!;
  expect(Math.min(middle, 20 - middle)).toBeLessThan(6);
});

test('waiting for a part that is away loses nothing; waiting for one that answers at last does', async () => {
  const away = new Sampling(
    sampler(() => delay(100).then(() => ({ a: null }))),
    10,
    realClock,
  );
  const slow = new Sampling(
    sampler(() => delay(100).then(() => ({ a: 1 }))),
    10,
    realClock,
  );
  await delay(350);
  await Promise.all([away.stop(), slow.stop()]);
  expect(away.samples.length).toBeGreaterThan(1);
  expect(away.samples.every(({ values }) => values.a === null)).toBe(true);
  expect(slow.lostAtMs.length - away.lostAtMs.length).toBeGreaterThan(5);
});

test('a sampler that fails loses its samples and says why', async () => {
  const sampling = new Sampling(
    sampler(() => Promise.reject(new Error('column does not exist'))),
    10,
    realClock,
  );
  await delay(60);
  await sampling.stop();
  expect(sampling.samples).toEqual([]);
  expect(sampling.lostAtMs.length).toBeGreaterThan(1);
  expect(sampling.error).toBe('column does not exist');
});

test('a blocked event loop is a loss of whole samples, not a burst afterwards', async () => {
  let taken = 0;
  const sampling = new Sampling(
    sampler(async () => ({ a: ++taken })),
    10,
    realClock,
  );
  await delay(30);
  const before = taken;
  const untilMs = performance.now() + 200;
  while (performance.now() < untilMs);
  await delay(5);
  expect(taken - before).toBeLessThanOrEqual(3);
  expect(sampling.lostAtMs.length).toBeGreaterThanOrEqual(17);
  await sampling.stop();
});
