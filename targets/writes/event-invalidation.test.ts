/** How far the cache is behind its events, and what becomes of it while nobody listens. */
import { expect, test } from 'vitest';
import { createWorld } from './_world.ts';
import eventInvalidation from './event-invalidation.ts';

const KEY = 'product:1';
const TTL_MS = 5000;

test.each(['outbox', 'stream'])('%s: the cache is told within the lag, which is measured', async (via) => {
  const world = await createWorld({ strategy: eventInvalidation, parameters: { via }, ttlMs: TTL_MS });
  const { clock, instances } = world;
  await clock.finish(instances[0]!.read(KEY));
  const written = await clock.finish(instances[0]!.write(KEY, 'a'));
  expect(written).toEqual({ version: 2, cacheTold: true });
  await clock.run(clock.nowMs() + 100);
  expect(await world.cached(KEY)).toBeNull();
  const lags = instances.flatMap(({ service }) => [...service.lagsMs!()]);
  expect(lags).toHaveLength(1);
  expect(lags[0]).toBeGreaterThan(0);
  expect(lags[0]).toBeLessThan(20); // one look of the listener and one way to the cache
  expect(await instances[0]!.service.pending()).toBe(0);
});

test('the cache is away: the event waits, and the cache is told when it is back; meanwhile the lag grows', async () => {
  const world = await createWorld({ strategy: eventInvalidation, parameters: { takeOverMs: 200 }, ttlMs: 60_000 });
  const { clock, instances } = world;
  await clock.finish(instances[0]!.read(KEY));
  world.cacheAway(true);
  await clock.finish(instances[0]!.write(KEY, 'a'));
  await clock.run(clock.nowMs() + 1000);
  expect(await instances[0]!.service.pending()).toBe(1);
  expect(await world.cached(KEY)).toMatchObject({ version: 1 });
  world.cacheAway(false);
  await clock.run(clock.nowMs() + 1000);
  expect(await world.cached(KEY)).toBeNull();
  expect(Math.max(...instances.flatMap(({ service }) => [...service.lagsMs!()]))).toBeGreaterThan(1000);
});

test('no listener: old values until the TTL ends, and the next listener catches up', async () => {
  const world = await createWorld({ strategy: eventInvalidation, instances: 2, ttlMs: TTL_MS });
  const { clock, instances, rows, queues } = world;
  await clock.finish(instances[1]!.read(KEY));
  instances[0]!.kill();
  instances[1]!.kill();
  // The change commits with its event, whoever lives.
  rows.commit(KEY);
  await clock.run(clock.nowMs() + 3000);
  expect(await world.cached(KEY)).toMatchObject({ version: 1 });
  expect(await queues.get('outbox')!.length()).toBe(1);
  await world.startInstance();
  await clock.run(clock.nowMs() + 100);
  expect(await world.cached(KEY)).toBeNull();
  expect(await queues.get('outbox')!.length()).toBe(0);
});

test('a writer that dies after the commit: the outbox has the event, the stream does not', async () => {
  for (const [via, told] of [
    ['outbox', true],
    ['stream', false],
  ] as const) {
    const world = await createWorld({
      strategy: eventInvalidation,
      parameters: { via },
      ttlMs: TTL_MS,
      answerMs: () => 10,
    });
    const { clock, instances, rows } = world;
    await clock.finish(instances[1]!.read(KEY));
    void instances[0]!.write(KEY, 'a');
    await clock.run(clock.nowMs() + 5); // committed, not answered
    expect(rows.row(KEY).version).toBe(2);
    instances[0]!.kill();
    await clock.run(clock.nowMs() + 3000);
    expect([via, (await world.cached(KEY)) === null]).toEqual([via, told]);
  }
});
