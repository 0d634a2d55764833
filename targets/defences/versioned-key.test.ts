import { expect, test } from 'vitest';
import { openVirtualWorld } from '../conformance/world.ts';
import { delegateTo } from '../stores/_delegate.ts';
import { HOT, outcomes, stackOf, withBench } from './_bench.ts';

test('a read costs one operation more than without', async () => {
  const readsOf = async (text: string): Promise<number> => {
    const world = await openVirtualWorld();
    let reads = 0;
    const store = delegateTo(world.store, {
      get: (key) => {
        reads += 1;
        return world.store.get(key);
      },
    });
    const stack = text === '' ? [] : stackOf(text);
    await withBench(
      stack,
      1,
      async ({ burst }) => {
        await burst(1);
        reads = 0;
        expect(outcomes(await burst(10))).toEqual({ hit: 10 });
      },
      { ...world, store },
    );
    return reads;
  };
  expect([await readsOf(''), await readsOf('versioned-key')]).toEqual([10, 20]);
});

/** A slow load of version 1 that ends after a write and its invalidation; gives the version that is served then. */
function servedAfterLateFill(stack: string, warm: boolean): Promise<number> {
  return withBench(stack === '' ? [] : stackOf(stack), 2, async ({ readers, database, world, sleep }) => {
    if (warm) await readers[1]!.read(HOT);
    database.recomputeMs = 400;
    const late = readers[0]!.refresh(HOT);
    await sleep(100);
    database.put(HOT, 2);
    await readers[1]!.invalidate(HOT);
    await late;
    await sleep(world.recomputeMs);
    return (await readers[1]!.read(HOT)).version;
  });
}

test('a load that began before an invalidation may store its value, but nobody is led to it', async () => {
  expect(await servedAfterLateFill('', true)).toBe(1);
  expect(await servedAfterLateFill('versioned-key', true)).toBe(2);
});

test('old versions are routed around, not deleted', () =>
  withBench(stackOf('versioned-key'), 1, async ({ readers, database, store }) => {
    await readers[0]!.read(HOT);
    database.put(HOT, 2);
    await readers[0]!.invalidate(HOT);
    expect((await readers[0]!.read(HOT)).version).toBe(2);
    const kept = [await store.get(`${HOT}@1`), await store.get(`${HOT}@2`)];
    expect(kept.map((entry) => entry?.version)).toEqual([1, 2]);
  }));

test('the pointer never goes back: an update with an older version is refused', () =>
  withBench(stackOf('versioned-key'), 1, async ({ readers, world }) => {
    const put = (version: number): Promise<boolean> =>
      readers[0]!.put(
        HOT,
        { value: { key: HOT, text: String(version) }, version },
        { storedAtMs: world.clock.nowMs(), recomputeMs: 1 },
      );
    expect([await put(5), await put(3), await put(6)]).toEqual([true, false, true]);
    expect((await readers[0]!.read(HOT)).version).toBe(6);
  }));

test.each(['stale-while-revalidate', 'xfetch', 'lock-wait', 'lease', 'lock-stale'])(
  'beside %s a value whose version has not changed is renewed',
  (other) =>
    withBench(stackOf(`versioned-key+${other}`), 2, async ({ readers, loads, sleep, idle }) => {
      for (let i = 0; i < 600; i++) {
        expect((await readers[i % 2]!.read(HOT)).version).toBe(1);
        await sleep(100);
      }
      await idle();
      // 60 s at a TTL of 10 s: about six expiries, each with few loads.
      expect(loads.length).toBeGreaterThanOrEqual(5);
      expect(loads.length).toBeLessThan(30);
      expect(loads.every(({ filled }) => filled)).toBe(true);
    }),
);

test('known failure: where nothing was cached there is no version to bury, and the late load gets through', async () => {
  expect(await servedAfterLateFill('versioned-key', false)).toBe(1);
});
