import { expect, test } from 'vitest';
import { createVirtualClock } from '../../harness/kit/virtual-clock.ts';
import { measureLoadsPerExpiry } from '../conformance/measure.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { HOT, outcomes, stackOf, withBench } from './_bench.ts';
import xfetch from './xfetch.ts';

test.each([
  [0.5, 7.39],
  [1, 2.72],
  [2, 1.65],
])('β = %f makes about e^(1/β) = %f loads per expiry', { timeout: 60_000 }, async (beta, predicted) => {
  const figures = { ratePerSec: 1000, recomputeMs: 100, ttlMs: beta > 1 ? 2500 : 1200, instances: 2, seed: 3 };
  const stack = stackOf('xfetch', { xfetch: { beta } });
  const { loadsPerExpiry } = await measureLoadsPerExpiry(stack, figures);
  const parameters = { beta };
  const formula = xfetch.predict!({ ...figures, recomputeSec: 0.1, ttlSec: figures.ttlMs / 1000, parameters });
  expect(formula).toBeCloseTo(predicted, 2);
  expect(Math.abs(loadsPerExpiry / predicted - 1)).toBeLessThan(0.15);
});

function judgeAt(ageMs: number, drawn: number) {
  const clock = createVirtualClock(ageMs);
  const layer = xfetch.create!({
    store: createMemoryStore(clock),
    clock,
    random: { next: () => drawn },
    log: { info() {}, warn() {} },
    parameters: { beta: 1 },
    instance: 'a',
    ttlMs: 1000,
  });
  return layer.judge({ value: 1, version: 1, key: 'k', storedAtMs: 0, expiresAtMs: 1000, recomputeMs: 100 }).is;
}

test('the rule is now − δ·β·ln(rand) ≥ expiry, with rand in (0, 1]', () => {
  // A draw of 0 is rand = 1: no lead at all, and no −∞.
  expect(judgeAt(999, 0)).toBe('fresh');
  // rand = e^−1 leads by δ.
  expect(judgeAt(899, 1 - Math.exp(-1))).toBe('fresh');
  expect(judgeAt(901, 1 - Math.exp(-1))).toBe('due');
  expect(judgeAt(1000, 0)).toBe('gone');
});

test('hardly anybody waits for a hot key', () =>
  withBench(stackOf('xfetch'), 1, async ({ readers, sleep, loads }) => {
    await readers[0]!.read(HOT);
    const reads: Promise<{ outcome: string }>[] = [];
    for (let i = 0; i < 20_000; i++) {
      reads.push(readers[0]!.read(HOT));
      await sleep(2);
    }
    const counts = outcomes((await Promise.all(reads)) as never);
    expect(counts['miss']).toBeUndefined();
    expect(counts['early']).toBe(loads.length - 1);
    expect(counts['hit']! / reads.length).toBeGreaterThan(0.999);
  }));

test('known failure: a key that is read rarely expires before anybody draws, and no prediction is given', () =>
  withBench(stackOf('xfetch'), 1, async ({ readers, sleep }) => {
    const seen = [];
    for (let i = 0; i < 20; i++) {
      seen.push((await readers[0]!.read(HOT)).outcome);
      await sleep(6000);
    }
    // Read every 6 s at a TTL of 10 s: the second read after each load comes too late.
    expect(new Set(seen)).toEqual(new Set(['miss', 'hit']));
    expect(seen.filter((outcome) => outcome === 'miss').length).toBe(10);
    const input = { ratePerSec: 1 / 6, recomputeSec: 0.1, instances: 1, ttlSec: 10, parameters: { beta: 1 } };
    expect(xfetch.predict!(input)).toBe(null);
  }));

test('known failure: a cold miss is not defended', () =>
  withBench(stackOf('xfetch'), 1, async ({ burst, database }) => {
    await burst(50);
    expect(database.loads).toBe(50);
  }));
