/** Every named stack composes, names its members alone, and does what it is recommended for. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Defence } from '../../harness/contract/defence.ts';
import type { NamedStack } from '../../harness/contract/named-stack.ts';
import { loadModules } from '../../harness/kit/load-modules.ts';
import { createVirtualClock } from '../../harness/kit/virtual-clock.ts';
import { measureLoadsPerExpiry } from '../conformance/measure.ts';
import { HOT, outcomes, stackOf, withBench } from '../defences/_bench.ts';
import { composeStack, type StackMember } from '../reader/stack.ts';
import { createMemoryStore } from '../stores/memory.ts';

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const stacks = await loadModules<NamedStack>(folder('.'), 'stack');
const defences = await loadModules<Defence>(folder('../defences/'), 'defence');
const hot = { ratePerSec: 1000, recomputeMs: 100, ttlMs: 2000, instances: 4, seed: 1 };

function membersOf(id: string): StackMember[] {
  const { members, parameters } = stacks.get(id)!;
  return stackOf(members, parameters);
}

test('the four that are recommended are there', () => {
  expect([...stacks.keys()]).toEqual(
    expect.arrayContaining(['catalogue', 'flash-sale', 'news-feed', 'session-store', 'xfetch-lock']),
  );
});

describe.each([...stacks.values()])('$id', (stack) => {
  const ids = stack.members.split('+');

  test('is no defence’s name, and all its members and parameters are known', () => {
    expect(defences.has(stack.id)).toBe(false);
    expect(ids.filter((id) => !defences.has(id))).toEqual([]);
    for (const [id, parameters] of Object.entries(stack.parameters ?? {})) {
      expect(ids).toContain(id);
      expect(Object.keys(defences.get(id)!.parameters.shape)).toEqual(expect.arrayContaining(Object.keys(parameters)));
    }
    for (const text of [stack.title, stack.for, stack.prose]) expect(text.length).toBeGreaterThan(10);
  });

  test('composes', () => {
    const clock = createVirtualClock();
    const composed = composeStack(membersOf(stack.id), {
      store: createMemoryStore(clock),
      clock,
      random: { next: () => 0.5 },
      log: { info() {}, warn() {} },
      instance: 'a',
      ttlMs: 1000,
    });
    expect(composed.layers.length).toBe(ids.length);
  });

  test('answers 40 cold reads on 4 instances with at most one load for each', () =>
    withBench(membersOf(stack.id), 4, async ({ burst, database }) => {
      const answers = await burst(40);
      expect(answers.every(({ version }) => version === 1)).toBe(true);
      expect(database.loads).toBeLessThanOrEqual(4);
    }));
});

test.each(['xfetch-lock', 'flash-sale', 'news-feed', 'session-store'])(
  '%s: one load per expiry of a hot key in all instances together',
  async (id) => {
    expect((await measureLoadsPerExpiry(membersOf(id), hot)).loadsPerExpiry).toBeCloseTo(1, 1);
  },
);

/** Reads the hot key every 2 ms through four expiries. */
function throughExpiries(id: string) {
  return withBench(membersOf(id), 2, async ({ readers, sleep, idle, loads }) => {
    await readers[0]!.read(HOT);
    const reads = [];
    for (let i = 0; i < 20_000; i++) {
      reads.push(readers[i % 2]!.read(HOT));
      await sleep(2);
    }
    const answers = await Promise.all(reads);
    await idle();
    return { seen: outcomes(answers), oldestMs: Math.max(...answers.map(({ ageMs }) => ageMs)), loads: loads.length };
  });
}

test.each(['xfetch-lock', 'flash-sale'])('%s: nobody waits, and nothing older than the TTL is served', async (id) => {
  const { seen, oldestMs } = await throughExpiries(id);
  expect([seen['waited'], seen['miss'], seen['stale'], seen['shed']]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(oldestMs).toBeLessThan(10_000);
});

test.each(['catalogue', 'news-feed'])('%s: nobody waits, at the price of values a little over the TTL', async (id) => {
  const { seen, oldestMs, loads } = await throughExpiries(id);
  expect([seen['waited'], seen['miss'], seen['shed']]).toEqual([undefined, undefined, undefined]);
  expect(seen['stale']).toBeGreaterThan(0);
  expect(oldestMs).toBeGreaterThan(8000);
  expect(oldestMs).toBeLessThan(12_200);
  expect(loads).toBeLessThan(12);
});

test('session-store: a load that began before a delete in another instance is never kept', () =>
  withBench(membersOf('session-store'), 2, async ({ readers, database, sleep, cachedVersion }) => {
    const old = readers[0]!.read(HOT);
    await sleep(50);
    database.put(HOT, 2);
    await readers[1]!.invalidate(HOT);
    await old;
    expect(await cachedVersion()).toBe(null);
    for (const reader of readers) expect((await reader.read(HOT)).version).toBe(2);
  }));

test('catalogue: a missing product costs one load for as long as its marker lives', () =>
  withBench(membersOf('catalogue'), 2, async ({ readers, database, sleep }) => {
    for (let i = 0; i < 40; i++) {
      expect((await readers[i % 2]!.read('product:404')).outcome).toBe('absent');
      await sleep(100);
    }
    expect(database.loads).toBe(1);
  }));

test('flash-sale: when the cache goes, each instance serves the page it has seen, and the database is spared', () =>
  withBench(membersOf('flash-sale'), 2, async ({ readers, burst, store, sleep, database }) => {
    for (const reader of readers) await reader.read(HOT);
    store.away = true;
    // Until the breaker has seen enough failures it lets reads through.
    await burst(100);
    const before = database.loads;
    for (let i = 0; i < 20; i++) {
      expect(outcomes(await burst(50))).toEqual({ stale: 50 });
      await sleep(40);
    }
    expect(database.loads).toBe(before);
  }));

test('news-feed: a front page costs one operation of the shared cache a second and instance, not one a read', () =>
  withBench(membersOf('news-feed'), 2, async ({ readers, store, sleep }) => {
    // Copies are kept only by those who hear of invalidations.
    for (const reader of readers) await reader.start();
    for (const reader of readers) await reader.read(HOT);
    let gets = 0;
    const { get } = store;
    store.get = (key) => {
      gets += 1;
      return get(key);
    };
    for (let i = 0; i < 5000; i++) {
      await readers[i % 2]!.read(HOT);
      await sleep(1);
    }
    expect(gets).toBeLessThanOrEqual(2 * 7);
  }));

test('known failure: catalogue has no lock, each instance makes a hot page for itself', async () => {
  expect((await measureLoadsPerExpiry(membersOf('catalogue'), hot)).loadsPerExpiry).toBeGreaterThan(3.5);
});

test('known failure: flash-sale keeps no old value, a failing database is seen when the TTL ends', () =>
  withBench(membersOf('flash-sale'), 1, async ({ readers, database, sleep }) => {
    await readers[0]!.read(HOT);
    database.mood = 'fails';
    await sleep(10_100);
    await expect(readers[0]!.read(HOT)).rejects.toThrow('on fire');
  }));

test('news-feed: a failing database is not seen for as long as values are kept', () =>
  withBench(membersOf('news-feed'), 1, async ({ readers, database, sleep, idle }) => {
    await readers[0]!.read(HOT);
    database.mood = 'fails';
    for (let minute = 1; minute <= 10; minute++) {
      await sleep(60_000);
      expect(await readers[0]!.read(HOT)).toMatchObject({ outcome: 'stale', version: 1 });
      await idle();
    }
  }));
