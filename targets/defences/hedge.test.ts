import { expect, test } from 'vitest';
import type { Clock } from '../../harness/contract/time.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { type Database, rowOf } from '../conformance/world.ts';
import { stackOf, withBench } from './_bench.ts';

const hedging = (more: Record<string, unknown> = {}) => stackOf('hedge', { hedge: { minDelayMs: 0, ...more } });

/** Loads take 20 to 30 ms, one in 50 takes half a second: the tail of a busy machine. */
function withTail(database: Database, clock: Clock): void {
  const random = seededRandom(7, 'tail');
  database.load = async (key) => {
    database.loads += 1;
    await clock.sleep(random.next() < 0.02 ? 500 : 20 + 10 * random.next());
    return { value: rowOf(key, 1), version: 1 };
  };
}

/** One worker that serves in order: what is asked too much waits. */
function withQueue(database: Database, clock: Clock, serviceMs: number): void {
  let freeAtMs = 0;
  database.load = async (key) => {
    database.loads += 1;
    freeAtMs = Math.max(freeAtMs, clock.nowMs()) + serviceMs;
    await clock.sleep(freeAtMs - clock.nowMs());
    return { value: rowOf(key, 1), version: 1 };
  };
}

/** Cold reads of different keys at a steady rate; their times, sorted, and the loads they made. */
function coldReads(
  stack: ReturnType<typeof stackOf>,
  reads: number,
  everyMs: number | ((i: number) => number),
  prepare: (database: Database, clock: Clock) => void,
): Promise<{ p99Ms: number; p50Ms: number; loads: number; unanswered: number }> {
  return withBench(stack, 1, async ({ readers, database, world, sleep, loads }) => {
    prepare(database, world.clock);
    const took: number[] = [];
    let failed = 0;
    const all: Promise<void>[] = [];
    for (let i = 0; i < reads; i++) {
      const fromMs = world.clock.nowMs();
      all.push(
        readers[0]!.read(`product:${i}`).then(
          () => void took.push(world.clock.nowMs() - fromMs),
          () => void (failed += 1),
        ),
      );
      await sleep(typeof everyMs === 'number' ? everyMs : everyMs(i));
    }
    await Promise.all(all);
    await sleep(2000);
    expect(loads.length).toBe(database.loads);
    const sorted = took.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * sorted.length)]!;
    return { p99Ms: at(0.99), p50Ms: at(0.5), loads: database.loads, unanswered: failed };
  });
}

test('the tail is cut to a tenth for a few per cent more loads', async () => {
  const plain = await coldReads([], 2000, 10, withTail);
  const hedged = await coldReads(hedging({ budget: 0.1 }), 2000, 10, withTail);
  expect(plain.p99Ms).toBeGreaterThan(490);
  expect(hedged.p99Ms).toBeLessThan(100);
  expect(hedged.p50Ms).toBeCloseTo(plain.p50Ms, 0);
  expect(hedged.loads).toBeGreaterThan(2040);
  expect(hedged.loads).toBeLessThan(2210);
});

test('hedges stay within their budget, whatever happens to the database', async () => {
  for (const budget of [0, 0.02, 0.05]) {
    const { loads } = await coldReads(hedging({ budget }), 2000, 10, withTail);
    expect(loads).toBeLessThanOrEqual(2000 * (1 + budget) + 5);
  }
});

test('a load that fails is not tried again: hedging is no retry', () =>
  withBench(hedging({ budget: 1 }), 1, async ({ readers, database }) => {
    for (let i = 0; i < 60; i++) {
      database.put(`product:${i}`, 1);
      await readers[0]!.read(`product:${i}`);
    }
    database.mood = 'fails';
    const before = database.loads;
    await expect(readers[0]!.read('product:404')).rejects.toThrow('on fire');
    expect(database.loads - before).toBe(1);
  }));

test('both fail: the error of the load reaches the reader, and nothing is left unhandled', () =>
  withBench(hedging({ budget: 1 }), 1, async ({ readers, database, loads }) => {
    for (let i = 0; i < 60; i++) {
      database.put(`product:${i}`, 1);
      await readers[0]!.read(`product:${i}`);
    }
    database.mood = 'fails';
    database.recomputeMs = 300;
    await expect(readers[0]!.read('product:404')).rejects.toThrow('on fire');
    expect(loads.slice(-2).map(({ key, ok }) => [key, ok])).toEqual([
      ['product:404', false],
      ['product:404', false],
    ]);
  }));

test('known failure: a database that has too much to do gets more, and without a budget hardly anybody is answered', async () => {
  // 80 % busy at first, then a third too much for three seconds, as in a surge.
  const surge = (i: number): number => (i > 400 && i < 800 ? 7.5 : 12.5);
  const queue = (database: Database, clock: Clock): void => withQueue(database, clock, 10);
  const plain = await coldReads([], 1500, surge, queue);
  const bounded = await coldReads(hedging(), 1500, surge, queue);
  const unbounded = await coldReads(hedging({ budget: 1, quantile: 0.5 }), 1500, surge, queue);
  // Who waits longer than the load's time limit gets nothing.
  expect(plain.unanswered).toBeLessThan(200);
  expect(unbounded.loads).toBeGreaterThan(1650);
  expect(unbounded.unanswered).toBeGreaterThan(4 * plain.unanswered);
  expect(bounded.loads).toBeLessThan(1580);
  expect(bounded.unanswered).toBeGreaterThan(plain.unanswered);
  expect(bounded.unanswered).toBeLessThan(unbounded.unanswered / 2);
});
