import { expect, test } from 'vitest';
import type { Answer } from '../../harness/contract/defence.ts';
import { createVirtualClock } from '../../harness/kit/virtual-clock.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { HOT, outcomes, stackOf, withBench } from './_bench.ts';
import singleFlight from './single-flight.ts';

const answer: Answer<string> = { value: 'x', outcome: 'miss', version: 1, ageMs: 0, waitedMs: 0 };

function alone(maxFlightMs = 1000) {
  const clock = createVirtualClock();
  const layer = singleFlight.create!({
    store: createMemoryStore(clock),
    clock,
    random: { next: () => 0.5 },
    log: { info() {}, warn() {} },
    parameters: { maxFlightMs },
    instance: 'a',
    ttlMs: 1000,
  });
  const lead = (produce: () => Promise<Answer<string>>): Promise<Answer<string>> =>
    layer.lead({ key: 'k', stale: null, produce, lookAgain: async () => null });
  return { clock, layer, lead };
}

test('those who come during a load share it and say how long they waited', () =>
  withBench(stackOf('single-flight'), 1, async ({ readers, burst, database, sleep }) => {
    const first = burst(50);
    await sleep(60);
    const late = await readers[0]!.read(HOT);
    expect(outcomes(await first)).toEqual({ miss: 1, waited: 49 });
    expect(late.outcome).toBe('waited');
    expect(late.waitedMs).toBeGreaterThan(30);
    expect(late.waitedMs).toBeLessThan(50);
    expect(database.loads).toBe(1);
  }));

test('an error is shared by those who waited and by nobody after them', () =>
  withBench(stackOf('single-flight'), 1, async ({ readers, database }) => {
    database.mood = 'fails';
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => readers[0]!.read(HOT)));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(database.loads).toBe(1);
    database.mood = 'works';
    expect((await readers[0]!.read(HOT)).version).toBe(1);
  }));

test('a loader that throws at once leaves nothing behind', async () => {
  const { clock, lead } = alone();
  const throwing = (): Promise<Answer<string>> => {
    throw new Error('at once');
  };
  await expect(clock.finish(lead(throwing))).rejects.toThrow('at once');
  expect(await clock.finish(lead(async () => answer))).toEqual(answer);
});

test('a load that never ends fails for all who wait at the time bound, and the key is free again', async () => {
  const { clock, lead } = alone(1000);
  const hung = lead(() => new Promise(() => {}));
  const waiting = clock.sleep(400).then(() => lead(async () => answer));
  const both = await clock.finish(Promise.allSettled([hung, waiting]));
  expect(clock.nowMs()).toBe(1000);
  for (const one of both) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'DEADLINE' } });
  expect((await clock.finish(lead(async () => answer))).outcome).toBe('miss');
});

test('known failure: n instances load n times', () =>
  withBench(stackOf('single-flight'), 4, async ({ burst, database }) => {
    await burst(400);
    expect(database.loads).toBe(4);
  }));

test('known failure: an invalidation in another instance is not seen by a load in flight', () =>
  withBench(stackOf('single-flight'), 2, async ({ readers, database, sleep, cachedVersion }) => {
    const old = readers[0]!.read(HOT);
    await sleep(50);
    database.put(HOT, 2);
    await readers[1]!.invalidate(HOT);
    await old;
    expect(await cachedVersion()).toBe(1);
  }));
