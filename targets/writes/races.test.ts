/** The race of each naive strategy, step by step, and the same schedule under the strategies that prevent it. */
import { expect, test } from 'vitest';
import type { WriteStrategy } from '../../harness/contract/write.ts';
import { createWorld, type World } from './_world.ts';
import deleteBeforeWrite from './delete-before-write.ts';
import doubleDelete from './double-delete.ts';
import eventInvalidation from './event-invalidation.ts';
import invalidateAfterWrite from './invalidate-after-write.ts';
import leaseInvalidate from './lease-invalidate.ts';
import updateAfterWrite from './update-after-write.ts';
import versionedWrite from './versioned-write.ts';
import writeAround from './write-around.ts';
import writeBehind from './write-behind.ts';
import writeThrough from './write-through.ts';

const KEY = 'product:1';
type Strategy = WriteStrategy;
type Parameters = Record<string, unknown>;
const name = (strategy: Strategy, parameters: Parameters): string =>
  [strategy.id, ...Object.entries(parameters).map(([key, value]) => `${key}=${String(value)}`)].join(' ');

/** What readers find long after the last write: the row's version, less is stale. */
async function servedAtEnd({ clock, instances, rows }: World, waitMs: number): Promise<'stale' | 'right'> {
  await clock.run(clock.nowMs() + waitMs);
  const { version } = await clock.finish(instances[1]!.read(KEY));
  return version < rows.row(KEY).version ? 'stale' : 'right';
}

/** Of several loads the first is slow: it began before the write and comes back after it. */
function slowFirst(slowMs: number): () => number {
  let loads = 0;
  return () => ((loads += 1) === 1 ? slowMs : 10);
}

const PREVENT: [Strategy, Parameters][] = [
  [versionedWrite, {}],
  [versionedWrite, { leave: 'value' }],
  [writeThrough, {}],
  [leaseInvalidate, {}],
  [eventInvalidation, {}],
  [eventInvalidation, { via: 'stream' }],
  [writeBehind, {}],
];

/** Reader loads the old row, writer changes it and tells the cache, reader fills. */
async function lateFill(strategy: Strategy, parameters: Parameters, slowMs = 100): Promise<World> {
  const world = await createWorld({ strategy, parameters, loadMs: slowFirst(slowMs), ttlMs: 5000 });
  const { clock, instances } = world;
  const late = instances[0]!.read(KEY);
  await clock.run(clock.nowMs() + 20);
  const written = await clock.finish(instances[1]!.write(KEY, 'w1'));
  expect(written?.version).toBe(2);
  expect((await clock.finish(late)).version).toBe(1); // sent before the write: right for this reader
  return world;
}

test.each([
  [invalidateAfterWrite, {}],
  [deleteBeforeWrite, {}],
  [updateAfterWrite, {}],
  [writeAround, {}],
  [eventInvalidation, { tombstoneMs: 0 }],
] as [Strategy, Parameters][])('$0.id: a late fill stays until the TTL ends', async (strategy, parameters) => {
  const world = await lateFill(strategy, parameters);
  expect(await servedAtEnd(world, 4000)).toBe('stale');
  expect(await servedAtEnd(world, 1200)).toBe('right');
});

test.each(PREVENT.map(([strategy, parameters]) => ({ name: name(strategy, parameters), strategy, parameters })))(
  '$name: the late fill is refused',
  async ({ strategy, parameters }) => {
    const world = await lateFill(strategy, parameters);
    expect(await servedAtEnd(world, 300)).toBe('right');
  },
);

test('double-delete: removes the late fill at the second delete, and not one that comes after it', async () => {
  const parameters = { delayMs: 500 };
  const early = await lateFill(doubleDelete, parameters);
  expect(await servedAtEnd(early, 300)).toBe('stale');
  expect(await servedAtEnd(early, 300)).toBe('right');
  const late = await lateFill(doubleDelete, parameters, 900);
  expect(await servedAtEnd(late, 300)).toBe('stale');
});

test('double-delete: a stopping instance deletes at once instead of later', async () => {
  const world = await lateFill(doubleDelete, { delayMs: 60_000 });
  const { service } = world.instances[1]!;
  expect(await service.pending()).toBe(1);
  await world.clock.finish(service.close());
  expect(await service.pending()).toBe(0);
  expect(await world.cached(KEY)).toBeNull();
});

/** The cache is deleted, a reader comes, and then the row is changed. */
async function betweenDeleteAndCommit(strategy: Strategy, parameters: Parameters): Promise<'stale' | 'right'> {
  const world = await createWorld({ strategy, parameters, loadMs: () => 10, commitMs: () => 40, ttlMs: 5000 });
  const { clock, instances } = world;
  const write = instances[0]!.write(KEY, 'w1');
  await clock.run(clock.nowMs() + 5);
  await clock.finish(instances[1]!.read(KEY));
  await clock.finish(write);
  return servedAtEnd(world, 300);
}

test('delete-before-write: a reader between the two brings the old value back; a delete after it does not', async () => {
  expect(await betweenDeleteAndCommit(deleteBeforeWrite, {})).toBe('stale');
  expect(await betweenDeleteAndCommit(invalidateAfterWrite, {})).toBe('right');
  for (const [strategy, parameters] of PREVENT)
    expect([name(strategy, parameters), await betweenDeleteAndCommit(strategy, parameters)]).toEqual([
      name(strategy, parameters),
      'right',
    ]);
});

/** Two writers: the first is slow to bring its value to the cache. */
async function overtakenWriter(strategy: Strategy, parameters: Parameters): Promise<'stale' | 'right'> {
  const world = await createWorld({ strategy, parameters, loadMs: slowFirst(100), ttlMs: 5000 });
  const { clock, instances } = world;
  const first = instances[0]!.write(KEY, 'w1');
  await clock.run(clock.nowMs() + 10);
  await clock.finish(Promise.all([first, instances[1]!.write(KEY, 'w2')]));
  return servedAtEnd(world, 300);
}

test('update-after-write: the writer that was overtaken sets its older value last; compared by version it does not', async () => {
  expect(await overtakenWriter(updateAfterWrite, {})).toBe('stale');
  for (const [strategy, parameters] of PREVENT)
    expect([name(strategy, parameters), await overtakenWriter(strategy, parameters)]).toEqual([
      name(strategy, parameters),
      'right',
    ]);
});

test('versioned-write: deletes of two writers that overtake each other leave the newer tombstone', async () => {
  let trips = 0;
  // The first delete takes its time: the second writer's is there before it.
  const cacheMs = (): number => ((trips += 1) === 1 ? 50 : 0.5);
  const world = await createWorld({ strategy: versionedWrite, cacheMs, loadMs: slowFirst(200) });
  const { clock, instances } = world;
  const first = instances[0]!.write(KEY, 'w1');
  await clock.run(clock.nowMs() + 5);
  const late = instances[0]!.read(KEY); // loads version 2, and comes back when all is over
  await clock.run(clock.nowMs() + 5);
  await clock.finish(Promise.all([first, late, instances[1]!.write(KEY, 'w2')]));
  expect((await clock.finish(late)).version).toBe(2);
  expect(await world.cached(KEY)).toBeNull();
});

test('versioned-write, known failure: a load that outlasts the tombstone fills the old value', async () => {
  const world = await lateFill(versionedWrite, { tombstoneMs: 200 }, 1000);
  expect(await servedAtEnd(world, 0)).toBe('stale');
});

test('lease-invalidate, known failure: while the cache is away nobody voids the lease', async () => {
  const world = await createWorld({ strategy: leaseInvalidate, loadMs: () => 100 });
  const { clock, instances } = world;
  const late = instances[0]!.read(KEY);
  await clock.run(clock.nowMs() + 20);
  world.cacheAway(true);
  const written = await clock.finish(instances[1]!.write(KEY, 'w1'));
  expect(written).toEqual({ version: 2, cacheTold: false });
  world.cacheAway(false);
  await clock.finish(late);
  expect(await servedAtEnd(world, 100)).toBe('stale');
});

test('lease-invalidate: one of several readers fills, whoever began before its lease does not', async () => {
  const world = await createWorld({ strategy: leaseInvalidate, loadMs: slowFirst(100) });
  const { clock, instances } = world;
  const early = instances[0]!.read(KEY); // holds the lease
  await clock.run(clock.nowMs() + 10);
  await clock.finish(instances[0]!.read(KEY)); // no lease of its own, but began under the one that this process holds
  expect(await world.cached(KEY)).toMatchObject({ version: 1 });
  await clock.finish(instances[1]!.write(KEY, 'w1'));
  const next = instances[0]!.read(KEY); // a new lease, while the first load is still under way
  await clock.finish(early);
  expect((await clock.finish(next)).version).toBe(2);
  expect(await world.cached(KEY)).toMatchObject({ version: 2 });
});

test('write-through: when the new value cannot be loaded, its version keeps the old one out', async () => {
  const world = await createWorld({ strategy: writeThrough, loadMs: () => 10 });
  const { clock, instances } = world;
  await clock.finish(instances[1]!.read(KEY));
  world.failLoads(true);
  const written = await clock.finish(instances[0]!.write(KEY, 'w1'));
  expect(written).toEqual({ version: 2, cacheTold: false });
  world.failLoads(false);
  expect(await world.cached(KEY)).toBeNull();
  expect(await servedAtEnd(world, 10)).toBe('right');
});

test('write-around: a user does not see what he has saved until the TTL ends', async () => {
  const world = await createWorld({ strategy: writeAround, ttlMs: 1000 });
  const { clock, instances } = world;
  await clock.finish(instances[0]!.read(KEY));
  await clock.finish(instances[0]!.write(KEY, 'w1'));
  expect(await servedAtEnd(world, 500)).toBe('stale');
  expect(await servedAtEnd(world, 600)).toBe('right');
});
