import { expect, test } from 'vitest';
import { measureLoadsPerExpiry } from '../conformance/measure.ts';
import { HOT, outcomes, stackOf, withBench } from './_bench.ts';

const load = { ratePerSec: 1000, recomputeMs: 100, ttlMs: 2000, seed: 1 };

test('one load for all instances; the losers wait about as long as the load takes', () =>
  withBench(stackOf('lock-wait'), 4, async ({ burst, database }) => {
    const answers = await burst(100);
    expect(outcomes(answers)).toEqual({ miss: 1, waited: 99 });
    expect(database.loads).toBe(1);
    for (const { waitedMs } of answers) expect(waitedMs).toBeLessThan(100 + 3 * 20);
  }));

test('lock-stale: the losers serve the old value at once, and wait only where there is none', () =>
  withBench(stackOf('lock-stale'), 4, async ({ burst, database, sleep }) => {
    expect(outcomes(await burst(40))).toEqual({ miss: 1, waited: 39 });
    database.put(HOT, 2);
    await sleep(10_000);
    const answers = await burst(40);
    expect(outcomes(answers)).toEqual({ miss: 1, stale: 39 });
    for (const { outcome, waitedMs, version, ageMs } of answers) {
      expect([waitedMs, version]).toEqual([0, outcome === 'miss' ? 2 : 1]);
      if (outcome === 'stale') expect(ageMs).toBeGreaterThanOrEqual(10_000);
    }
  }));

test('lock-stale serves nothing that is older than its window', () =>
  withBench(stackOf('lock-stale', { 'lock-stale': { staleMs: 1000 } }), 2, async ({ burst, sleep }) => {
    await burst(1);
    await sleep(11_500);
    expect(outcomes(await burst(10))).toEqual({ miss: 1, waited: 9 });
  }));

test.each(['lock-wait', 'lock-stale'])(
  '%s, known failure: a lock shorter than the load lets in ⌈δ / TTL⌉',
  async (id) => {
    for (const [lockTtlMs, loads] of [
      [60, 2],
      [30, 4],
    ] as const) {
      const measured = await measureLoadsPerExpiry(stackOf(id, { [id]: { lockTtlMs } }), { ...load, instances: 4 });
      expect(measured.loadsPerExpiry).toBeCloseTo(loads, 0);
    }
  },
);

test('a holder that is late does not overwrite what was stored meanwhile', () =>
  withBench(stackOf('lock-wait', { 'lock-wait': { lockTtlMs: 50 } }), 2, async (bench) => {
    const { readers, database, sleep, loads, cachedVersion } = bench;
    const late = readers[0]!.read(HOT);
    await sleep(60);
    database.put(HOT, 2);
    database.recomputeMs = 10;
    expect((await readers[1]!.read(HOT)).version).toBe(2);
    expect((await late).version).toBe(1);
    expect(await cachedVersion()).toBe(2);
    expect(loads.map(({ filled }) => filled)).toEqual([true, false]);
  }));

test('a reader whose miss is older than the holder’s fill finds the value once it has the lock, and does not load', () =>
  withBench(stackOf('lock-wait'), 2, async ({ readers, store, sleep, database }) => {
    const { get } = store;
    store.get = async (key) => {
      store.get = get;
      const entry = await get<never>(key);
      await sleep(300);
      return entry;
    };
    const late = readers[0]!.read(HOT);
    await sleep(1);
    expect((await readers[1]!.read(HOT)).outcome).toBe('miss');
    expect(await late).toMatchObject({ outcome: 'hit', version: 1 });
    expect(database.loads).toBe(1);
  }));

test('a holder that died blocks no longer than its lock lives', () =>
  withBench(stackOf('lock-wait', { 'lock-wait': { lockTtlMs: 700 } }), 2, async ({ burst, store, world, database }) => {
    await store.lock(HOT, 'of a dead process', 700);
    const startedAtMs = world.clock.nowMs();
    expect(outcomes(await burst(20))).toEqual({ miss: 1, waited: 19 });
    expect(database.loads).toBe(1);
    expect(world.clock.nowMs() - startedAtMs).toBeLessThan(700 + 100 + 4 * 20);
  }));

test('a reader that waited too long is shed and does not ask the database', () =>
  withBench(stackOf('lock-wait', { 'lock-wait': { maxWaitMs: 500 } }), 1, async ({ burst, store, database }) => {
    await store.lock(HOT, 'of somebody else', 5000);
    const answers = await burst(10);
    expect(outcomes(answers)).toEqual({ shed: 10 });
    expect(answers[0]!.value).toBe(null);
    expect(database.loads).toBe(0);
  }));

test('known failure: without single-flight in front a failing loader is tried by one waiter after the other', async () => {
  const failures = (stack: string): Promise<number> =>
    withBench(stackOf(stack), 2, async ({ readers, database }) => {
      database.mood = 'fails';
      await Promise.allSettled(Array.from({ length: 20 }, (_, i) => readers[i % 2]!.read(HOT)));
      return database.loads;
    });
  expect(await failures('lock-wait')).toBe(20);
  expect(await failures('lock-wait+single-flight')).toBe(2);
});

test('known failure: when the store is away there is no lock, and every reader loads', () =>
  withBench(stackOf('lock-wait'), 2, async ({ burst, store, database }) => {
    store.away = true;
    expect(outcomes(await burst(20))).toEqual({ bypass: 20 });
    expect(database.loads).toBe(20);
  }));

test('a lock that could not be released while the store was away is released when it is back', () =>
  withBench(stackOf('lock-wait'), 1, async ({ readers, store, sleep, world }) => {
    const first = readers[0]!.read(HOT);
    await sleep(50);
    store.away = true;
    await first;
    await sleep(500);
    store.away = false;
    await sleep(200);
    expect(await world.store.lock(HOT, 'next', 1000)).toBe(true);
  }));

test('a lock whose answer was lost does not hold up the readers that follow for its TTL', () =>
  withBench(stackOf('lock-wait'), 2, async ({ readers, store, world, sleep }) => {
    const { lock } = store;
    store.lock = async (...args) => {
      store.lock = lock;
      await lock(...args);
      throw new Error('Command timed out');
    };
    expect((await readers[0]!.read(HOT)).outcome).toBe('bypass');
    await sleep(1);
    const startedAtMs = world.clock.nowMs();
    expect((await readers[1]!.read(HOT)).outcome).toBe('miss');
    expect(world.clock.nowMs() - startedAtMs).toBeLessThan(105);
  }));

test('a reader that wins the early draw and loses the lock serves the value it has', async () => {
  const measured = await measureLoadsPerExpiry(stackOf('xfetch+lock-wait'), { ...load, instances: 4 });
  expect(measured.loadsPerExpiry).toBeCloseTo(1, 1);
});
