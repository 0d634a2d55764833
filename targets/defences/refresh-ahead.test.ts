import { expect, test } from 'vitest';
import { measureLoadsPerExpiry } from '../conformance/measure.ts';
import { HOT, outcomes, stackOf, withBench } from './_bench.ts';
import refreshAhead from './refresh-ahead.ts';

test('eligible after 0.8 of the TTL: a read is served the old value at once and refreshes behind it', () =>
  withBench(stackOf('refresh-ahead'), 1, async ({ readers, burst, database, sleep, idle, loads }) => {
    await readers[0]!.read(HOT);
    database.put(HOT, 2);
    await sleep(7890);
    expect(outcomes(await burst(10))).toEqual({ hit: 10 });
    await idle();
    expect(loads.length).toBe(1);
    await sleep(150);
    const answers = await burst(50);
    expect(outcomes(answers)).toEqual({ hit: 50 });
    expect(answers.every(({ version, waitedMs }) => version === 1 && waitedMs === 0)).toBe(true);
    await idle();
    expect(loads.map(({ cause }) => cause)).toEqual(['miss', 'behind']);
    expect(await readers[0]!.read(HOT)).toMatchObject({ outcome: 'hit', version: 2 });
  }));

test('a key in use never expires, and nothing older than its TTL is served', () =>
  withBench(stackOf('refresh-ahead'), 2, async ({ readers, sleep, idle }) => {
    await readers[0]!.read(HOT);
    const seen = [];
    for (let i = 0; i < 500; i++) {
      await sleep(100);
      seen.push(await readers[i % 2]!.read(HOT));
    }
    await idle();
    expect(outcomes(seen)).toEqual({ hit: 500 });
    expect(Math.max(...seen.map(({ ageMs }) => ageMs))).toBeLessThan(10_000);
  }));

test('a refresh that fails keeps the old value, and the next read tries again', () =>
  withBench(stackOf('refresh-ahead'), 1, async ({ readers, database, sleep, idle, cachedVersion, lines }) => {
    await readers[0]!.read(HOT);
    await sleep(8500);
    database.mood = 'fails';
    for (let i = 0; i < 3; i++) {
      expect(await readers[0]!.read(HOT)).toMatchObject({ outcome: 'hit', version: 1 });
      await idle();
    }
    expect([database.loads, await cachedVersion()]).toEqual([4, 1]);
    expect(lines.filter((line) => line.includes('behind the answer failed')).length).toBe(3);
    database.mood = 'works';
    database.put(HOT, 2);
    await readers[0]!.read(HOT);
    await idle();
    expect(await cachedVersion()).toBe(2);
  }));

test('a row that was deleted disappears with the first refresh', () =>
  withBench(stackOf('refresh-ahead'), 1, async ({ readers, database, sleep, idle, cachedVersion }) => {
    await readers[0]!.read(HOT);
    database.remove(HOT);
    await sleep(9000);
    await readers[0]!.read(HOT);
    await idle();
    expect(await cachedVersion()).toBe(null);
  }));

test('known failure: a loader that fails until the TTL ends leaves nothing, and every reader misses', () =>
  withBench(stackOf('refresh-ahead'), 1, async ({ readers, burst, database, sleep, idle }) => {
    await readers[0]!.read(HOT);
    database.mood = 'fails';
    await sleep(9000);
    await readers[0]!.read(HOT);
    await idle();
    await sleep(1000);
    database.mood = 'works';
    expect(outcomes(await burst(20))).toEqual({ miss: 20 });
  }));

test('known failure: a key whose reads pause through the window expires, and a cold miss is not defended', () =>
  withBench(stackOf('refresh-ahead'), 1, async ({ burst, sleep }) => {
    expect(outcomes(await burst(20))).toEqual({ miss: 20 });
    await sleep(7500);
    expect(outcomes(await burst(20))).toEqual({ hit: 20 });
    await sleep(3000);
    expect(outcomes(await burst(20))).toEqual({ miss: 20 });
  }));

test('known failure: every instance refreshes; a lock beside it makes that one', async () => {
  const figures = { ratePerSec: 1000, recomputeMs: 100, ttlMs: 2000, instances: 4, seed: 1 };
  const alone = await measureLoadsPerExpiry(stackOf('refresh-ahead'), figures);
  const locked = await measureLoadsPerExpiry(stackOf('refresh-ahead+lock-wait'), figures);
  expect([alone.loadsPerExpiry, locked.loadsPerExpiry]).toEqual([4, 1]);
});

test('no prediction where the refresh cannot end before the TTL, or hardly anybody reads in the window', () => {
  const input = { ratePerSec: 1000, recomputeSec: 0.1, ttlSec: 10, instances: 4, parameters: { after: 0.8 } };
  expect(refreshAhead.predict!(input)).toBeCloseTo(4, 5);
  expect(refreshAhead.predict!({ ...input, recomputeSec: 2 })).toBe(null);
  expect(refreshAhead.predict!({ ...input, ratePerSec: 1 })).toBe(null);
});
