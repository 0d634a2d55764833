import { expect, test } from 'vitest';
import { measureLoadsPerExpiry } from '../conformance/measure.ts';
import { HOT, outcomes, stackOf, withBench } from './_bench.ts';

const stack = stackOf('stale-while-revalidate', { 'stale-while-revalidate': { swrMs: 5000 } });

test('within the window all are served the old value and one refresh runs behind them', () =>
  withBench(stack, 1, async ({ readers, burst, database, sleep, idle, loads }) => {
    await readers[0]!.read(HOT);
    database.put(HOT, 2);
    await sleep(12_000);
    const answers = await burst(50);
    expect(outcomes(answers)).toEqual({ stale: 50 });
    expect(answers.every(({ version, waitedMs }) => version === 1 && waitedMs === 0)).toBe(true);
    await idle();
    expect(loads.map(({ cause }) => cause)).toEqual(['miss', 'behind']);
    const next = await readers[0]!.read(HOT);
    expect([next.outcome, next.version]).toEqual(['hit', 2]);
  }));

test.each([
  ['alone', stack],
  // Another member keeps entries for longer: the window still ends.
  ['beside lock-stale', [...stack, ...stackOf('lock-stale')]],
])('after the window readers block again, %s', (_where, members) =>
  withBench(members, 1, async ({ readers, sleep }) => {
    await readers[0]!.read(HOT);
    await sleep(15_200);
    expect((await readers[0]!.read(HOT)).outcome).toBe('miss');
  }),
);

test('a refresh that fails keeps the old value, and the next read tries again', () =>
  withBench(stack, 1, async ({ readers, database, sleep, idle, lines }) => {
    await readers[0]!.read(HOT);
    await sleep(11_000);
    database.mood = 'fails';
    for (let i = 0; i < 2; i++) {
      expect((await readers[0]!.read(HOT)).outcome).toBe('stale');
      await idle();
    }
    expect(database.loads).toBe(3);
    expect(lines.filter((line) => line.includes('behind the answer failed')).length).toBe(2);
  }));

test('a row that was deleted disappears with the first refresh', () =>
  withBench(stack, 1, async ({ readers, database, sleep, idle, cachedVersion }) => {
    await readers[0]!.read(HOT);
    database.remove(HOT);
    await sleep(11_000);
    expect((await readers[0]!.read(HOT)).outcome).toBe('stale');
    await idle();
    expect(await cachedVersion()).toBe(null);
    expect((await readers[0]!.read(HOT)).outcome).toBe('absent');
  }));

test('known failure: it does nothing for a cold miss', () =>
  withBench(stack, 1, async ({ burst, database }) => {
    expect(outcomes(await burst(50))).toEqual({ miss: 50 });
    expect(database.loads).toBe(50);
  }));

test('known failure: every instance refreshes; a lock beside it makes that one', async () => {
  const figures = { ratePerSec: 1000, recomputeMs: 100, ttlMs: 2000, instances: 4, seed: 1 };
  const alone = await measureLoadsPerExpiry(stackOf('stale-while-revalidate'), figures);
  const locked = await measureLoadsPerExpiry(stackOf('stale-while-revalidate+lock-wait'), figures);
  expect([alone.loadsPerExpiry, locked.loadsPerExpiry]).toEqual([4, 1]);
});
