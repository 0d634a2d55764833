import { expect, test } from 'vitest';
import { openVirtualWorld } from '../conformance/world.ts';
import { delegateTo } from '../stores/_delegate.ts';
import { HOT, outcomes, stackOf, type TestBench, withBench } from './_bench.ts';

interface Watched extends TestBench {
  /** What reached the store behind the tier. */
  reads: string[];
  sets: string[];
  deletes: string[];
}

async function withFanOut(
  text: string,
  parameters: Record<string, unknown>,
  work: (bench: Watched) => Promise<unknown>,
): Promise<void> {
  const world = await openVirtualWorld();
  const [reads, sets, deletes]: string[][] = [[], [], []];
  const store = delegateTo(world.store, {
    get: (key) => {
      reads!.push(key);
      return world.store.get(key);
    },
    set: (entry, options) => {
      sets!.push(entry.key);
      return world.store.set(entry, options);
    },
    delete: (key, options) => {
      deletes!.push(key);
      return world.store.delete(key, options);
    },
  });
  const stack = stackOf(text, { 'fan-out': parameters });
  const change = { ...world, store };
  await withBench(stack, 2, (bench) => work({ ...bench, reads: reads!, sets: sets!, deletes: deletes! }), change);
}

const NAMES = [HOT, `${HOT}#1`, `${HOT}#2`, `${HOT}#3`];

test('one rebuild fills all R names, reads are spread evenly over them, an invalidation deletes all R', () =>
  withFanOut('fan-out', { copies: 4 }, async ({ burst, readers, database, reads, sets, deletes }) => {
    await burst(1);
    expect(sets).toEqual(NAMES);
    reads.length = 0;
    expect(outcomes(await burst(4000))).toEqual({ hit: 4000 });
    for (const name of NAMES) {
      const share = reads.filter((read) => read === name).length / reads.length;
      expect(share).toBeGreaterThan(0.22);
      expect(share).toBeLessThan(0.28);
    }
    database.put(HOT, 2);
    await readers[0]!.invalidate(HOT);
    expect(deletes).toEqual(NAMES);
    await readers[1]!.read(HOT);
    expect((await burst(200)).every(({ version, outcome }) => version === 2 && outcome === 'hit')).toBe(true);
  }));

test('only named keys are fanned out, and answers name the logical key', () =>
  withFanOut('fan-out', { copies: 2, keys: 'product:7, product:8' }, async ({ readers, database, sets }) => {
    for (const key of ['product:7', 'product:8']) database.put(key, 1);
    for (const key of [HOT, 'product:7', 'product:8']) await readers[0]!.read(key);
    expect(sets).toEqual([HOT, 'product:7', 'product:7#1', 'product:8', 'product:8#1']);
    for (let i = 0; i < 20; i++) expect((await readers[0]!.read('product:7')).value!.key).toBe('product:7');
  }));

test('a copy that is evicted is no miss: the first one is asked', () =>
  withFanOut('fan-out', { copies: 4 }, async ({ burst, world, loads }) => {
    await burst(1);
    for (const name of NAMES.slice(1)) await world.store.delete(name);
    expect(outcomes(await burst(100))).toEqual({ hit: 100 });
    expect(loads.length).toBe(1);
  }));

test('an invalidation in the middle of a rebuild leaves no old copy behind', () =>
  withFanOut('fan-out+lock-wait', { copies: 4 }, async ({ readers, database, world, sets, sleep }) => {
    const old = readers[0]!.read(HOT);
    while (sets.length < 2) await sleep(0.05);
    database.put(HOT, 2);
    // The copies of version 1 are on their way.
    await readers[1]!.invalidate(HOT);
    await old;
    await sleep(5);
    expect(await Promise.all(NAMES.map((name) => world.store.get(name)))).toEqual([null, null, null, null]);
  }));

test('locks and leases are those of the logical key: one load for both instances', async () => {
  for (const cluster of ['lock-wait', 'lease'])
    await withFanOut(`fan-out+${cluster}`, { copies: 3 }, async ({ burst, loads }) => {
      await burst(20);
      expect(loads.map(({ filled }) => filled)).toEqual([true]);
      expect(outcomes(await burst(20))).toEqual({ hit: 20 });
    });
});

test('known failure: an invalidation that reaches the first copy alone leaves old ones that readers still find', () =>
  withFanOut('fan-out', { copies: 4 }, async ({ burst, readers, database, world }) => {
    await burst(1);
    database.put(HOT, 2);
    const { delete: remove } = world.store;
    world.store.delete = (key, options) =>
      key === HOT ? remove(key, options) : Promise.reject(new Error('Command timed out'));
    await expect(readers[0]!.invalidate(HOT)).rejects.toThrow('Command timed out');
    const answers = await burst(40);
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set([1, 2]));
  }));

test('known failure: it defends nobody against a stampede', () =>
  withFanOut('fan-out', {}, async ({ burst, loads }) => {
    await burst(50);
    expect(loads.length).toBe(50);
  }));
