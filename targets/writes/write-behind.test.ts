/** What a write behind the answer must hold: nothing twice, nothing lost but what was stated, nothing stuck. */
import { expect, test } from 'vitest';
import { createWorld, type World, type WorldOptions } from './_world.ts';
import writeBehind from './write-behind.ts';

const KEY = 'product:1';
const world = (options: Partial<WorldOptions> = {}): Promise<World> =>
  createWorld({ strategy: writeBehind, loadMs: () => 20, ...options });

const ids = ({ rows }: World): string[] => rows.history.map(({ writeId }) => writeId).toSorted();

test('a batch is stored when it is full or its time is over, and readers see the write before that', async () => {
  const one = await world({ parameters: { batch: 3, flushMs: 200 } });
  const { clock, instances, rows } = one;
  await clock.finish(instances[0]!.write(KEY, 'a', 7));
  expect(rows.history).toEqual([]);
  expect(await clock.finish(instances[1]!.read(KEY))).toMatchObject({ version: 2, value: { price: 7 } });
  await clock.run(clock.nowMs() + 300);
  expect(ids(one)).toEqual(['a']);
  const fromMs = clock.nowMs();
  await clock.finish(Promise.all(['b', 'c', 'd'].map((id) => instances[0]!.write(KEY, id))));
  await clock.run(clock.nowMs() + 100);
  expect(ids(one)).toEqual(['a', 'b', 'c', 'd']);
  expect(clock.nowMs() - fromMs).toBeLessThan(200);
  expect(await instances[0]!.service.pending()).toBe(0);
});

test('versions are one sequence over all instances: concurrent writers never share one', async () => {
  const one = await world();
  const { clock, instances, rows } = one;
  const writes = Array.from({ length: 40 }, (_, i) => instances[i % 2]!.write(KEY, `w${i}`));
  const versions = (await clock.finish(Promise.all(writes))).map((written) => written!.version);
  expect(new Set(versions).size).toBe(40);
  await clock.run(clock.nowMs() + 500);
  expect(rows.row(KEY).version).toBe(41);
  expect(await one.cached(KEY)).toEqual(rows.row(KEY));
});

test('an instance that is killed loses nothing: another stores what it had taken', async () => {
  const one = await world({ parameters: { flushMs: 100, takeOverMs: 1000 } });
  const { clock, instances } = one;
  for (let i = 0; i < 10; i++) await clock.finish(instances[0]!.write(`product:${i}`, `w${i}`));
  instances[0]!.kill();
  await clock.run(clock.nowMs() + 3000);
  expect(ids(one)).toEqual(Array.from({ length: 10 }, (_, i) => `w${i}`).toSorted());
  expect(await instances[1]!.service.pending()).toBe(0);
});

test('killed between commit and acknowledgement: the writes are stored again, and change nothing', async () => {
  const one = await world({ instances: 2, parameters: { flushMs: 0, takeOverMs: 500 } });
  const { clock, instances, rows, queues } = one;
  await clock.finish(instances[0]!.write(KEY, 'a', 7));
  // Until the commit is through, and not one step further.
  while (rows.history.length === 0) await clock.run(clock.nowMs() + 0.5);
  const before = rows.row(KEY);
  const queue = queues.get('writes')!;
  queue.put({ key: KEY, writeId: 'a', user: 0, change: { price: 7 }, version: before.version });
  await clock.run(clock.nowMs() + 2000);
  expect(ids(one)).toEqual(['a']);
  expect(rows.row(KEY)).toEqual(before);
  expect(await queue.length()).toBe(0);
});

test('a cache that loses its memory takes the queue with it: lost are at most as many as stated', async () => {
  const maxPending = 5;
  const parameters = { flushMs: 10_000, batch: 1000, maxPending };
  const one = await world({ parameters });
  const { clock, instances } = one;
  const all = Array.from({ length: 20 }, (_, i) => `w${i}`);
  for (const [i, id] of all.entries()) expect(await clock.finish(instances[0]!.write(`product:${i}`, id))).toBeTruthy();
  // The worst case: with the cache go those who had taken writes from it.
  for (const instance of instances) instance.kill();
  one.cacheLosesMemory();
  await one.startInstance();
  await clock.run(clock.nowMs() + 30_000);
  const lost = all.filter((id) => !ids(one).includes(id));
  expect(lost.length).toBe(maxPending); // the others found the queue full and went to the database at once
  expect(lost.length).toBeLessThanOrEqual(writeBehind.lossBound!(writeBehind.parameters.parse(parameters)));
  // Versions go on from what the database has.
  expect((await clock.finish(instances[2]!.write('product:19', 'after')))?.version).toBe(3);
});

test('a write that always fails is put aside after so many deliveries, and those beside it are stored', async () => {
  const one = await world({ parameters: { flushMs: 50, maxDeliveries: 3, takeOverMs: 200 } });
  const { clock, instances, rows, queues } = one;
  rows.poison('bad');
  await clock.finish(Promise.all(['good1', 'bad', 'good2'].map((id, i) => instances[0]!.write(`product:${i}`, id))));
  await clock.run(clock.nowMs() + 100);
  expect(ids(one)).toEqual(['good1', 'good2']);
  expect(await queues.get('writes')!.deadLetters()).toBe(0);
  await clock.run(clock.nowMs() + 3000);
  const { buried } = queues.get('writes')!;
  expect(buried.map(({ body, reason }) => [body['writeId'], reason])).toEqual([['bad', 'the row refuses this write']]);
  expect(await instances[0]!.service.pending()).toBe(0);
});

test('known failure: a cached value that ends before its write is stored brings the old row back', async () => {
  const one = await world({ ttlMs: 500, parameters: { flushMs: 5000 } });
  const { clock, instances } = one;
  await clock.finish(instances[0]!.write(KEY, 'a'));
  await clock.run(clock.nowMs() + 1000);
  expect((await clock.finish(instances[1]!.read(KEY))).version).toBe(1);
});

test('a stopping instance stores what is queued first', async () => {
  const one = await world({ instances: 1, parameters: { flushMs: 300 } });
  const { clock, instances } = one;
  await clock.finish(instances[0]!.write(KEY, 'a'));
  await clock.finish(instances[0]!.service.close());
  expect(ids(one)).toEqual(['a']);
});
