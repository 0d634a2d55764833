import { expect, test } from 'vitest';
import { measureLoadsPerExpiry } from '../conformance/measure.ts';
import { HOT, outcomes, stackOf, withBench } from './_bench.ts';

/** Bursts, an expiry, an invalidation, a missing row and an outage: every load and every answer that comes of it. */
function trace(stack: string) {
  return withBench(stackOf(stack), 2, async ({ readers, burst, database, store, sleep, loads }) => {
    const answers = [...(await burst(20))];
    await sleep(10_500);
    answers.push(...(await burst(20)));
    database.put(HOT, 2);
    await readers[0]!.invalidate(HOT);
    answers.push(...(await burst(5)), await readers[1]!.read('product:404'));
    store.away = true;
    answers.push(...(await burst(5)));
    return { answers, loads };
  });
}

test('makes the very loads and answers of cache-aside, load by load', async () => {
  const [through, aside] = [await trace('read-through'), await trace('cache-aside')];
  expect(through).toEqual(aside);
  expect(through.loads.length).toBe(20 + 20 + 5 + 1 + 5);
});

test('known failure: it is no defence, 1 + λδ loads per expiry; single-flight beside it makes one', async () => {
  const figures = { ratePerSec: 500, recomputeMs: 100, ttlMs: 1500, instances: 1, seed: 2 };
  const alone = await measureLoadsPerExpiry(stackOf('read-through'), figures);
  expect(Math.abs(alone.loadsPerExpiry / 51 - 1)).toBeLessThan(0.15);
  const shared = await measureLoadsPerExpiry(stackOf('read-through+single-flight'), figures);
  expect(shared.loadsPerExpiry).toBe(1);
});

test('while the store is away the service asks the database itself', () =>
  withBench(stackOf('read-through'), 1, async ({ burst, store }) => {
    store.away = true;
    expect(outcomes(await burst(3))).toEqual({ bypass: 3 });
  }));
