import { expect, test } from 'vitest';
import { measureLoadsPerExpiry } from '../conformance/measure.ts';
import { HOT, outcomes, stackOf, withBench } from './_bench.ts';

/** Two round trips to the cache in virtual time, with room. */
const AT_ONCE_MS = 1;

test('one load for all instances; the losers are answered at once, without a value and without waiting', () =>
  withBench(stackOf('lock-not-found'), 4, async ({ burst, readers, database, world }) => {
    const startedAtMs = world.clock.nowMs();
    const first = readers[0]!.read(HOT);
    const losers = await burst(40);
    expect(outcomes(losers)).toEqual({ shed: 40 });
    expect(world.clock.nowMs() - startedAtMs).toBeLessThan(AT_ONCE_MS);
    for (const { value, waitedMs } of losers) expect([value, waitedMs]).toEqual([null, 0]);
    expect(await first).toMatchObject({ outcome: 'miss', version: 1 });
    expect(outcomes(await burst(40))).toEqual({ hit: 40 });
    expect(database.loads).toBe(1);
  }));

test('a loser asks the cache twice and no more: nobody polls', () =>
  withBench(stackOf('lock-not-found'), 1, async ({ readers, store, world }) => {
    await world.store.lock(HOT, 'of somebody else', 5000);
    const asked: string[] = [];
    for (const name of ['get', 'set', 'delete', 'lock', 'unlock'] as const) {
      const inner = store[name] as (...args: unknown[]) => Promise<never>;
      store[name] = (...args: unknown[]) => {
        asked.push(name);
        return inner(...args);
      };
    }
    expect((await readers[0]!.read(HOT)).outcome).toBe('shed');
    expect(asked).toEqual(['get', 'lock']);
  }));

test('a reader with a good value in hand serves it instead of being turned away', () =>
  withBench(stackOf('refresh-ahead+lock-not-found'), 2, async ({ burst, sleep, idle, database }) => {
    await burst(1);
    await sleep(8500);
    expect(outcomes(await burst(20))).toEqual({ hit: 20 });
    await idle();
    expect(database.loads).toBe(2);
  }));

test('known failure: a slow load turns away everybody who comes meanwhile, λδ of them', () =>
  withBench(stackOf('lock-not-found'), 2, async ({ burst, readers, sleep }) => {
    const first = readers[0]!.read(HOT);
    const turnedAway = [];
    for (let i = 0; i < 9; i++) {
      await sleep(10);
      turnedAway.push(...(await burst(1)));
    }
    await first;
    expect(outcomes(turnedAway)).toEqual({ shed: 9 });
  }));

test('known failure: a holder that died turns everybody away until its lock has run out', () =>
  withBench(
    stackOf('lock-not-found', { 'lock-not-found': { lockTtlMs: 700 } }),
    2,
    async ({ burst, sleep, store, database }) => {
      await store.lock(HOT, 'of a dead process', 700);
      expect(outcomes(await burst(10))).toEqual({ shed: 10 });
      await sleep(690);
      expect(outcomes(await burst(10))).toEqual({ shed: 10 });
      await sleep(20);
      expect(outcomes(await burst(10))).toEqual({ miss: 1, shed: 9 });
      expect(database.loads).toBe(1);
    },
  ));

test('known failure: a lock shorter than the load lets in ⌈δ / TTL⌉', async () => {
  const stack = stackOf('lock-not-found', { 'lock-not-found': { lockTtlMs: 30 } });
  const figures = { ratePerSec: 1000, recomputeMs: 100, ttlMs: 2000, instances: 4, seed: 1 };
  expect((await measureLoadsPerExpiry(stack, figures)).loadsPerExpiry).toBeCloseTo(4, 0);
});
