import { expect, test } from 'vitest';
import { measureLoadsPerExpiry } from '../conformance/measure.ts';
import bulkhead from './bulkhead.ts';
import { outcomes, stackOf, withBench } from './_bench.ts';

const small = (more: Record<string, unknown> = {}) =>
  stackOf('bulkhead', { bulkhead: { maxConcurrent: 3, maxQueued: 4, maxWaitMs: 150, ...more } });

test('never more loads at a time than there are places, some wait for one, the rest is shed at once', () =>
  withBench(small(), 1, async ({ burst, loads, world, database }) => {
    const fromMs = world.clock.nowMs();
    const answers = await burst(50);
    // 3 at once; 3 more get their places after 100 ms; the fourth in the queue gives up at 150 ms.
    expect(outcomes(answers)).toEqual({ miss: 6, shed: 44 });
    expect(database.loads).toBe(6);
    const most = Math.max(
      ...loads.map(
        ({ startedAtMs }) =>
          loads.filter((one) => one.startedAtMs <= startedAtMs && one.endedAtMs > startedAtMs).length,
      ),
    );
    expect(most).toBe(3);
    expect(world.clock.nowMs() - fromMs).toBeLessThan(202);
  }));

test('places come back after errors', () =>
  withBench(small({ maxQueued: 0 }), 1, async ({ readers, database, burst, sleep }) => {
    database.mood = 'fails';
    for (let i = 0; i < 10; i++) await readers[0]!.read('product:1').catch(() => null);
    database.mood = 'works';
    expect(outcomes(await burst(3))).toEqual({ miss: 3 });
    await sleep(10_000);
    expect(outcomes(await burst(5))).toEqual({ miss: 3, shed: 2 });
  }));

test('the cache is gone: beside a breaker the database carries what was chosen, and the rest is shed', () =>
  withBench(stackOf('breaker+bulkhead'), 2, async ({ readers, store, database, sleep }) => {
    for (let i = 0; i < 200; i++) database.put(`product:${i}`, 1);
    store.away = true;
    const answers: Promise<{ outcome: string }>[] = [];
    let most = 0;
    let inFlight = 0;
    const { load } = database;
    database.load = async (key, signal) => {
      most = Math.max(most, (inFlight += 1));
      return load(key, signal).finally(() => (inFlight -= 1));
    };
    for (let i = 0; i < 2000; i++) {
      answers.push(readers[i % 2]!.read(`product:${i % 200}`));
      await sleep(1); // 1000/s of 100 ms each: a hundred at a time without a bound
    }
    const seen = outcomes((await Promise.all(answers)) as never);
    expect(most).toBe(16);
    expect(seen['shed']).toBeGreaterThan(1500);
    // 16 places of 100 ms for 2 s
    expect(seen['bypass']).toBeGreaterThan(280);
    expect(seen['bypass']).toBeLessThan(400);
  }));

test('known failure: one hot key takes every place, and others are shed that would have been cheap', () =>
  withBench(small({ maxQueued: 0 }), 1, async ({ burst, readers, database }) => {
    database.put('product:2', 1);
    const hot = burst(50);
    expect((await readers[0]!.read('product:2')).outcome).toBe('shed');
    await hot;
  }));

test('known failure: those who waited load again what is there by then; single-flight before it mends that', async () => {
  const load = { ratePerSec: 1000, recomputeMs: 100, ttlMs: 2000, seed: 1, instances: 1 };
  const alone = await measureLoadsPerExpiry(stackOf('bulkhead'), load);
  const both = await measureLoadsPerExpiry(stackOf('bulkhead+single-flight'), load);
  expect(alone.loadsPerExpiry).toBeCloseTo(24, 0);
  expect(both.loadsPerExpiry).toBe(1);
});

test.each([
  { maxConcurrent: 3, maxQueued: 4, maxWaitMs: 150, instances: 1 },
  { maxConcurrent: 3, maxQueued: 40, maxWaitMs: 450, instances: 2 },
  { maxConcurrent: 10, maxQueued: 0, maxWaitMs: 500, instances: 4 },
  { maxConcurrent: 2, maxQueued: 100, maxWaitMs: 10_000, instances: 4 },
])('the formula holds for other bounds too: %o', async ({ instances, ...parameters }) => {
  const { loadsPerExpiry } = await measureLoadsPerExpiry(stackOf('bulkhead', { bulkhead: parameters }), {
    ratePerSec: 1000,
    recomputeMs: 100,
    ttlMs: 4000,
    seed: 1,
    instances,
  });
  const input = { ratePerSec: 1000, recomputeSec: 0.1, instances, ttlSec: 4, parameters };
  const predicted = bulkhead.predict!(input)!;
  expect(Math.abs(loadsPerExpiry / predicted - 1), `${loadsPerExpiry} and ${predicted}`).toBeLessThan(0.15);
});

test('it predicts nothing where waiting is shorter than a load: who then gets a place depends on when he came', () => {
  const parameters = { maxConcurrent: 8, maxQueued: 16, maxWaitMs: 50 };
  expect(bulkhead.predict!({ ratePerSec: 1000, recomputeSec: 0.1, instances: 2, ttlSec: 4, parameters })).toBeNull();
});
