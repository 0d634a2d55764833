import { expect, test } from 'vitest';
import { HOT, outcomes, stackOf, withBench } from './_bench.ts';

test('cache-aside: every reader that misses together loads', () =>
  withBench(stackOf('cache-aside'), 2, async ({ burst, database }) => {
    expect(outcomes(await burst(100))).toEqual({ miss: 100 });
    expect(database.loads).toBe(100);
    expect(outcomes(await burst(100))).toEqual({ hit: 100 });
  }));

test('cache-aside, known failure: a load that began before an invalidation fills the old value until the TTL ends', () =>
  withBench(stackOf('cache-aside'), 1, async ({ readers, database, sleep, cachedVersion }) => {
    const old = readers[0]!.read(HOT);
    await sleep(50);
    database.put(HOT, 2);
    await readers[0]!.invalidate(HOT);
    await old;
    expect(await cachedVersion()).toBe(1);
    await sleep(9_000);
    expect((await readers[0]!.read(HOT)).version).toBe(1);
    await sleep(1_100);
    expect((await readers[0]!.read(HOT)).version).toBe(2);
  }));

test('no-cache: every read loads, and the store is neither read nor filled', () =>
  withBench(stackOf('no-cache'), 1, async ({ readers, burst, database, store, cachedVersion }) => {
    store.away = true;
    for (let i = 0; i < 5; i++) await readers[0]!.read(HOT);
    await readers[0]!.invalidate(HOT);
    expect(outcomes(await burst(5))).toEqual({ miss: 5 });
    expect([database.loads, await cachedVersion()]).toEqual([10, null]);
  }));
