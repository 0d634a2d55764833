/** The queues and the write database on a real Redis and a real Postgres. */
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WorkQueue } from '../../harness/contract/write.ts';
import { realClock } from '../../harness/kit/clock.ts';
import { createOutboxQueue } from './outbox-queue.ts';
import { createPageLoader } from './product-page.ts';
import { resetShop, seedShop } from './schema.ts';
import { createStreamQueue } from './stream-queue.ts';
import { startPostgres, startRedis } from './test-support.ts';
import type { TestPostgres, TestRedis } from './test-support.ts';
import { createWriteDatabase } from './write-database.ts';
import { OUTBOX_CHANNEL, readWriteHistory } from './write-tables.ts';

const KEY = 'product:3';
const silent = { info: () => undefined, warn: () => undefined };
const parts = { clock: realClock, log: silent };
const cost = { kind: 'wait', waitMs: 0 } as const;

let postgres: TestPostgres;
let redisServer: TestRedis;
let pool: pg.Pool;
let redis: Redis;
beforeAll(async () => {
  [postgres, redisServer] = await Promise.all([startPostgres(), startRedis()]);
  await seedShop({ products: 10, reviewsPerProduct: 2, stock: 1, cost, preloadKeys: 0 }, postgres.sql);
  pool = new pg.Pool({ connectionString: postgres.url, max: 4 });
  pool.on('error', () => undefined); // the server ends before its last connection is gone
  redis = new Redis(redisServer.url);
});
afterAll(async () => {
  redis?.disconnect();
  await pool?.end();
  await Promise.all([postgres?.stop(), redisServer?.stop()]);
});
beforeEach(async () => {
  await redis.flushall();
  await resetShop(postgres.sql);
});

const request = (writeId: string, change = {}) => ({ key: KEY, writeId, user: 1, change });
const bodies = (messages: readonly { body: Record<string, unknown> }[]) => messages.map(({ body }) => body);

test('a write raises the version and is noted with its id and time in the same transaction', async () => {
  const database = createWriteDatabase(pool, createPageLoader(pool, cost));
  const before = await database.load(KEY);
  expect((await database.write(request('a')))?.version).toBe(2);
  expect((await database.write(request('b', { priceCents: 77 })))?.version).toBe(3);
  expect(await database.versionOf(KEY)).toBe(3);
  expect(before?.version).toBe(1);
  expect(await database.load(KEY)).toMatchObject({ version: 3, value: { priceCents: 77, version: 3 } });
  expect(await database.write({ ...request('c'), key: 'product:999' })).toBeNull();
  const { versions, rows } = await readWriteHistory(postgres.sql);
  expect(versions.map(({ key, version, writeId }) => [key, version, writeId])).toEqual([
    [3, 2, 'a'],
    [3, 3, 'b'],
  ]);
  expect(Math.abs(versions[0]!.committedAtMs - Date.now())).toBeLessThan(10_000);
  expect(rows).toEqual([{ key: 3, version: 3 }]);
});

test('an upsert of writes is idempotent, never goes back, and notes those that were overtaken', async () => {
  const database = createWriteDatabase(pool, createPageLoader(pool, cost));
  const write = (writeId: string, version: number) => ({ ...request(writeId, { priceCents: version * 10 }), version });
  await database.upsertIfNewer([write('b', 3), write('a', 2)]);
  await database.upsertIfNewer([write('b', 3), write('a', 2)]);
  await database.upsertIfNewer([write('late', 2)]);
  expect(await database.load(KEY)).toMatchObject({ version: 3, value: { priceCents: 30 } });
  const { versions } = await readWriteHistory(postgres.sql);
  expect(versions.map(({ writeId }) => writeId).toSorted()).toEqual(['a', 'b', 'late']);
  // One that cannot be stored takes the others with it.
  const poison = { ...request('poison', { priceCents: 3_000_000_000 }), version: 9 };
  await expect(database.upsertIfNewer([write('c', 8), poison])).rejects.toThrow();
  expect(await database.versionOf(KEY)).toBe(3);
});

test('a change in absolute terms leads to the same row as the cached value', async () => {
  const database = createWriteDatabase(pool, createPageLoader(pool, cost));
  const before = await database.load(KEY);
  const { value, change } = database.apply(before!.value, {}, 5);
  await database.upsertIfNewer([{ ...request('a', change), version: 5 }]);
  const after = (await database.load(KEY))!.value as Record<string, unknown>;
  expect({ ...after, updatedAt: null }).toEqual({ ...(value as object), updatedAt: null });
});

/** What both kinds of queue have in common. */
async function sharedWork(one: WorkQueue, other: WorkQueue, put: (n: number) => Promise<unknown>): Promise<void> {
  const fast = { most: 10, waitMs: 300, takeOverMs: 250 };
  expect(await one.take({ ...fast, waitMs: 20 })).toEqual([]);
  for (const n of [1, 2, 3]) await put(n);
  expect(await one.length()).toBe(3);
  const first = await one.take({ ...fast, most: 2 });
  expect(first.map(({ deliveries }) => deliveries)).toEqual([1, 1]);
  expect(await other.take(fast)).toHaveLength(1); // never what another has
  await one.acknowledge([first[0]!.id]);
  expect(await one.length()).toBe(2);
  await realClock.sleep(400);
  // Neither was acknowledged: both are handed out again, and the number of deliveries grows.
  const again = [...(await other.take(fast)), ...(await other.take({ ...fast, waitMs: 20 }))];
  expect(again.map(({ deliveries }) => deliveries)).toEqual([2, 2]);
  expect(bodies(again)).toContainEqual(first[1]!.body);
  await other.bury(again[0]!, 'cannot be handled');
  await other.acknowledge([again[1]!.id]);
  expect([await one.length(), await one.deadLetters()]).toEqual([0, 1]);
}

test('stream: work is shared, taken over, and put aside', async () => {
  const [one, other] = ['i0', 'i1'].map((consumer) => createStreamQueue(redis, 'test', { ...parts, consumer })) as [
    ReturnType<typeof createStreamQueue>,
    ReturnType<typeof createStreamQueue>,
  ];
  try {
    await sharedWork(one, other, (n) => one.append({ n }));
    expect([await one.append({ n: 4 }, 1), await one.append({ n: 5 }, 1)]).toEqual([true, false]);
    // A Redis that lost its memory has no group: the next take makes it anew.
    await redis.flushall();
    await one.append({ n: 6 });
    await expect(one.take({ most: 1, waitMs: 10, takeOverMs: 1000 })).rejects.toThrow('NOGROUP');
    expect(bodies(await one.take({ most: 1, waitMs: 10, takeOverMs: 1000 }))).toEqual([{ n: 6 }]);
  } finally {
    one.close();
    other.close();
  }
});

test('outbox: work is shared, taken over, and put aside; a commit wakes the taker', async () => {
  const database = createWriteDatabase(pool, createPageLoader(pool, cost));
  const [one, other] = [createOutboxQueue(pool, postgres.url, parts), createOutboxQueue(pool, postgres.url, parts)];
  try {
    await sharedWork(one, other, (n) => database.write(request(`w${n}`), { outbox: true }));
    const startedMs = realClock.nowMs();
    const waiting = one.take({ most: 1, waitMs: 10_000, takeOverMs: 1000 });
    await realClock.sleep(100);
    await database.write(request('w9'), { outbox: true });
    const [message] = await waiting;
    expect(message!.body).toEqual({ key: KEY, version: 5 });
    expect(realClock.nowMs() - startedMs).toBeLessThan(5000);
    await one.acknowledge([message!.id]);
  } finally {
    await Promise.all([one.close(), other.close()]);
  }
});

test('outbox: what commits late is not missed, although its number is smaller', async () => {
  const slow = new pg.Client({ connectionString: postgres.url });
  await slow.connect();
  const queue = createOutboxQueue(pool, postgres.url, parts);
  try {
    await slow.query('BEGIN');
    await slow.query(`INSERT INTO shop.outbox (key, version) VALUES ('product:1', 2)`);
    await pool.query(`INSERT INTO shop.outbox (key, version) VALUES ('product:2', 2)`);
    const take = { most: 10, waitMs: 2000, takeOverMs: 60_000 };
    expect(bodies(await queue.take(take))).toEqual([{ key: 'product:2', version: 2 }]);
    await slow.query(`SELECT pg_notify('${OUTBOX_CHANNEL}', '')`);
    await slow.query('COMMIT');
    expect(bodies(await queue.take(take))).toEqual([{ key: 'product:1', version: 2 }]);
  } finally {
    await slow.end();
    await queue.close();
  }
});
