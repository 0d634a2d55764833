import { expect, test } from 'vitest';
import { createVirtualClock } from '../../harness/kit/virtual-clock.ts';
import { measureLoadsPerExpiry } from '../conformance/measure.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { HOT, outcomes, stackOf, withBench } from './_bench.ts';

const lease = (parameters: Record<string, unknown> = {}) => stackOf('lease', { lease: parameters });

test('one load for all instances; the others look again until the value is there', () =>
  withBench(lease(), 4, async ({ burst, database }) => {
    const answers = await burst(100);
    expect(outcomes(answers)).toEqual({ miss: 1, waited: 99 });
    expect(database.loads).toBe(1);
    for (const { waitedMs } of answers) expect(waitedMs).toBeLessThan(100 + 3 * 20);
  }));

test('where stale values are kept, the others take one at once', () =>
  withBench(lease({ staleMs: 5000 }), 4, async ({ burst, database, sleep }) => {
    await burst(1);
    database.put(HOT, 2);
    await sleep(11_000);
    const answers = await burst(40);
    expect(outcomes(answers)).toEqual({ miss: 1, stale: 39 });
    for (const { outcome, version } of answers) expect(version).toBe(outcome === 'miss' ? 2 : 1);
    await sleep(16_000);
    expect(outcomes(await burst(10))).toEqual({ miss: 1, waited: 9 });
  }));

test('a delete voids the token: the load that began before it does not fill, in whichever instance', () =>
  withBench(lease(), 2, async ({ readers, database, sleep, loads, cachedVersion }) => {
    const old = readers[0]!.read(HOT);
    await sleep(50);
    database.put(HOT, 2);
    await readers[1]!.invalidate(HOT);
    expect((await old).version).toBe(1);
    expect(await cachedVersion()).toBe(null);
    expect((await readers[0]!.read(HOT)).version).toBe(2);
    expect(loads.map(({ filled }) => filled)).toEqual([false, true]);
  }));

test('a delete lets the next reader load at once, and the older token does not overwrite it', () =>
  withBench(lease(), 2, async ({ readers, database, sleep, cachedVersion, world }) => {
    const old = readers[0]!.read(HOT);
    await sleep(10);
    database.put(HOT, 2);
    await readers[1]!.invalidate(HOT);
    const startedAtMs = world.clock.nowMs();
    expect(await readers[1]!.read(HOT)).toMatchObject({ outcome: 'miss', version: 2 });
    expect(world.clock.nowMs() - startedAtMs).toBeLessThan(105);
    await old;
    expect(await cachedVersion()).toBe(2);
  }));

test('a holder that died blocks no longer than the period', () =>
  withBench(lease({ leaseMs: 700 }), 2, async ({ burst, store, world, database }) => {
    await store.lease!(HOT, 'of a dead process', 700, world.clock.nowMs());
    const startedAtMs = world.clock.nowMs();
    expect(outcomes(await burst(20))).toEqual({ miss: 1, waited: 19 });
    expect(database.loads).toBe(1);
    expect(world.clock.nowMs() - startedAtMs).toBeLessThan(700 + 100 + 4 * 20);
  }));

test('a reader that waited too long is shed and does not ask the database', () =>
  withBench(lease({ maxWaitMs: 500 }), 1, async ({ burst, store, database, world }) => {
    await store.lease!(HOT, 'of somebody else', 5000, world.clock.nowMs());
    expect(outcomes(await burst(10))).toEqual({ shed: 10 });
    expect(database.loads).toBe(0);
  }));

test('a load that stored nothing gives the lease back: nobody waits for the period', () =>
  withBench(lease(), 2, async ({ readers, database, world }) => {
    const startedAtMs = world.clock.nowMs();
    expect((await readers[0]!.read('product:404')).outcome).toBe('absent');
    expect((await readers[1]!.read('product:404')).outcome).toBe('absent');
    database.mood = 'fails';
    await expect(readers[0]!.read(HOT)).rejects.toThrow('on fire');
    database.mood = 'works';
    expect((await readers[1]!.read(HOT)).outcome).toBe('miss');
    expect(world.clock.nowMs() - startedAtMs).toBeLessThan(4 * 105);
  }));

test('a lease whose answer was lost does not hold up the readers that follow for the period', () =>
  withBench(lease(), 2, async ({ readers, store, world, sleep }) => {
    const ask = store.lease!;
    let lost = 0;
    store.lease = async <T>(key: string, token: string, leaseMs: number, nowMs: number) => {
      const answer = await ask<T>(key, token, leaseMs, nowMs);
      if (lost++ === 0) throw new Error('Command timed out');
      return answer;
    };
    expect((await readers[0]!.read(HOT)).outcome).toBe('bypass');
    await sleep(1);
    const startedAtMs = world.clock.nowMs();
    expect((await readers[1]!.read(HOT)).outcome).toBe('miss');
    expect(world.clock.nowMs() - startedAtMs).toBeLessThan(105);
  }));

test('a store that cannot take a lease back: the next reader waits for the end of the period', () => {
  const clock = createVirtualClock();
  const store = createMemoryStore(clock);
  delete store.endLease;
  const world = { clock, store, finish: <T>(work: Promise<T>) => clock.finish(work) };
  const twice = withBench(
    lease({ leaseMs: 500 }),
    1,
    async ({ readers }) => {
      await readers[0]!.read('product:404');
      const startedAtMs = clock.nowMs();
      expect((await readers[0]!.read('product:404')).outcome).toBe('absent');
      return clock.nowMs() - startedAtMs;
    },
    world,
  );
  return expect(twice).resolves.toBeGreaterThan(400);
});

test.each(['xfetch', 'refresh-ahead', 'early-linear'])(
  '%s beside it: the early load is one, and nobody waits',
  async (id) => {
    const figures = { ratePerSec: 1000, recomputeMs: 100, ttlMs: 2000, instances: 4, seed: 1 };
    const measured = await measureLoadsPerExpiry(stackOf(`${id}+lease`), figures);
    expect(measured.loadsPerExpiry).toBeCloseTo(1, 1);
    await withBench(stackOf(`${id}+lease`), 4, async ({ burst, sleep, database, idle }) => {
      await burst(1);
      const seen = [];
      for (let i = 0; i < 100; i++) {
        await sleep(99);
        seen.push(...(await burst(20)));
      }
      await idle();
      expect(database.loads).toBe(2);
      expect(Object.keys(outcomes(seen)).filter((outcome) => outcome !== 'hit' && outcome !== 'early')).toEqual([]);
    });
  },
);

test('known failure: a period shorter than the load: nothing is ever stored, one load per period, for ever', () =>
  withBench(lease({ leaseMs: 50, maxWaitMs: 400 }), 2, async ({ readers, sleep, cachedVersion, loads }) => {
    const reads = [];
    for (let i = 0; i < 2000; i++) {
      reads.push(readers[i % 2]!.read(HOT));
      await sleep(1);
    }
    const counts = outcomes(await Promise.all(reads));
    expect(loads.every(({ filled }) => !filled)).toBe(true);
    expect(await cachedVersion()).toBe(null);
    // 2 s and the wait of the last readers, at one load per 50 ms.
    expect(loads.length).toBeGreaterThan(30);
    expect(loads.length).toBeLessThanOrEqual(49);
    expect(counts['miss']).toBe(loads.length);
    expect(counts['shed']).toBe(2000 - loads.length);
  }));

test('known failure: without single-flight in front a failing loader is tried by one waiter after the other', async () => {
  const failures = (stack: string): Promise<number> =>
    withBench(stackOf(stack), 2, async ({ readers, database }) => {
      database.mood = 'fails';
      await Promise.allSettled(Array.from({ length: 20 }, (_, i) => readers[i % 2]!.read(HOT)));
      return database.loads;
    });
  expect(await failures('lease')).toBe(20);
  expect(await failures('lease+single-flight')).toBe(2);
});

test('known failure: when the store is away there is no lease, and every reader loads', () =>
  withBench(lease(), 2, async ({ burst, store }) => {
    store.away = true;
    expect(outcomes(await burst(20))).toEqual({ bypass: 20 });
  }));
