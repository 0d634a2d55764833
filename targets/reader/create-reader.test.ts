import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  defineDefence,
  type Freshness,
  type GuardLayer,
  type LayerId,
  type LayerTypes,
} from '../../harness/contract/defence.ts';
import { HOT, outcomes, stackOf, withBench } from '../defences/_bench.ts';
import type { StackMember } from './stack.ts';

/** A defence that is nothing but the given layer. */
function member<L extends LayerId>(layer: L, filling: LayerTypes[L]): StackMember {
  const texts = { title: 't', prose: 'p', source: 's' };
  const defence = defineDefence({
    ...texts,
    id: `test-${layer}`,
    layer,
    parameters: z.object({}),
    needs: [],
    create: () => filling,
  });
  return { defence, parameters: {} };
}

const judging = (freshness: Freshness): StackMember => member('freshness', { judge: () => freshness });

test('an early refresh by the reader answers with the new value; when it fails, with the one in hand', () =>
  withBench([judging({ is: 'due', reader: 'recomputes' })], 1, async ({ readers, database, loads, lines }) => {
    await readers[0]!.read(HOT);
    database.put(HOT, 2);
    expect(await readers[0]!.read(HOT)).toMatchObject({ outcome: 'early', version: 2 });
    database.mood = 'fails';
    expect(await readers[0]!.read(HOT)).toMatchObject({ outcome: 'hit', version: 2, ageMs: expect.any(Number) });
    expect(loads.map(({ cause, ok }) => [cause, ok])).toEqual([
      ['miss', true],
      ['early', true],
      ['early', false],
    ]);
    expect(lines.join()).toContain('early refresh of product:1 failed');
  }));

test('who loses the early load to another reader serves what it has', () =>
  withBench(
    [judging({ is: 'due', reader: 'recomputes' }), ...stackOf('single-flight')],
    1,
    async ({ burst, database }) => {
      await burst(1);
      database.put(HOT, 2);
      const answers = await burst(10);
      expect(outcomes(answers)).toEqual({ early: 1, hit: 9 });
      expect(answers.map(({ version }) => version)).toEqual([2, ...Array.from({ length: 9 }, () => 1)]);
    },
  ));

test('an early load under a lock replaces the entry in hand instead of finding it again', () =>
  withBench([judging({ is: 'due', reader: 'recomputes' }), ...stackOf('lock-wait')], 2, async ({ burst, database }) => {
    await burst(1);
    database.put(HOT, 2);
    expect(outcomes(await burst(10))).toEqual({ early: 1, hit: 9 });
    expect(database.loads).toBe(2);
  }));

test('due, goes on: served at once, one load behind for each key and instance, and idle() waits for it', () =>
  withBench([judging({ is: 'due', reader: 'goes on' })], 2, async ({ burst, readers, loads, idle, sleep }) => {
    await readers[0]!.read(HOT);
    await sleep(1);
    expect(outcomes(await burst(20))).toEqual({ hit: 20 });
    expect(loads.length).toBe(1);
    await idle();
    expect(loads.map(({ cause, filled }) => [cause, filled])).toEqual([
      ['miss', true],
      ['behind', true],
      ['behind', true],
    ]);
  }));

test('entries are kept for their TTL and the longest that the stack may serve after it', async () => {
  const kept = (stack: StackMember[]): Promise<number> =>
    withBench(stack, 1, async ({ readers, store }) => {
      let keepMs = 0;
      const { set } = store;
      store.set = (entry, options) => {
        keepMs = options.keepMs;
        return set(entry, options);
      };
      await readers[0]!.read(HOT);
      return keepMs;
    });
  expect(await kept([])).toBe(10_000);
  expect(await kept(stackOf('lock-stale', { 'lock-stale': { staleMs: 3000 } }))).toBe(13_000);
  expect(await kept([member('lifetime', { ttlMs: (_key, baseMs) => baseMs / 2 })])).toBe(5000);
});

test('a key that admission refuses is absent: neither the store nor the database is asked', () =>
  withBench(
    [member('admission', { mayExist: async (key) => key === HOT, created: async () => {} })],
    1,
    async ({ readers, store, database }) => {
      store.away = true;
      expect((await readers[0]!.read('product:404')).outcome).toBe('absent');
      expect(database.loads).toBe(0);
      expect((await readers[0]!.read(HOT)).outcome).toBe('bypass');
    },
  ));

test('a tier stands between the reader and the store', () => {
  const seen: string[] = [];
  const tier = member('tier', {
    over: (store) => ({
      ...store,
      get: (key) => {
        seen.push(key);
        return store.get(key);
      },
    }),
  });
  return withBench([tier], 1, async ({ burst }) => {
    await burst(1);
    expect(outcomes(await burst(1))).toEqual({ hit: 1 });
    expect(seen).toEqual([HOT, HOT]);
  });
});

test('a guard that refuses sheds the read, or serves what is still in hand', () => {
  let refuses = true;
  const guard: GuardLayer = {
    ask: async (_key, load) => {
      if (refuses) throw new Error('breaker is open');
      return load();
    },
  };
  const stack = [member('guard', guard), ...stackOf('lock-stale')];
  return withBench(stack, 1, async ({ readers, sleep, loads }) => {
    expect(await readers[0]!.read(HOT)).toMatchObject({ outcome: 'shed', value: null });
    refuses = false;
    expect((await readers[0]!.read(HOT)).outcome).toBe('miss');
    await sleep(11_000);
    refuses = true;
    expect(await readers[0]!.read(HOT)).toMatchObject({ outcome: 'stale', version: 1 });
    expect(loads.length).toBe(1);
  });
});

test('a guard that asks twice makes two loads, of which one fills', () => {
  const hedge: GuardLayer = { ask: (_key, load) => Promise.race([load(), load()]) };
  return withBench([member('guard', hedge)], 1, async ({ readers, loads, sleep }) => {
    await readers[0]!.read(HOT);
    await sleep(200);
    expect(loads.every(({ ok }) => ok)).toBe(true);
    expect(loads.map(({ filled }) => Number(filled)).toSorted((a, b) => a - b)).toEqual([0, 1]);
  });
});

test('locks that fail while reads of the cache work: the database is asked', () =>
  withBench(stackOf('lock-wait+single-flight'), 1, async ({ burst, store, loads }) => {
    store.lock = async () => {
      throw new Error('READONLY');
    };
    expect(outcomes(await burst(10))).toEqual({ bypass: 1, waited: 9 });
    expect(loads.map(({ cause, filled }) => [cause, filled])).toEqual([['bypass', false]]);
  }));

test('an outage is logged when it begins and when it ends, not for every read', () =>
  withBench([], 1, async ({ burst, store, lines }) => {
    await burst(3);
    store.away = true;
    await burst(100);
    store.away = false;
    await burst(100);
    expect(lines).toEqual([
      'cache failed, the database is asked instead: Command timed out',
      'cache answers again after 100 failed operations',
    ]);
  }));

test('an invalidation that cannot reach the store says so', () =>
  withBench([], 1, async ({ readers, store }) => {
    store.away = true;
    await expect(readers[0]!.invalidate(HOT)).rejects.toThrow('Command timed out');
  }));
