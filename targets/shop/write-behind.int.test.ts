/** Write-behind in real instances: an instance that is killed loses nothing, a Redis that forgets loses what was stated. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WriteSideAnswer } from '../../harness/contract/target.ts';
import { resetShop, seedShop } from './schema.ts';
import { startInstance, startPostgres, startRedis } from './test-support.ts';
import type { TestInstance, TestPostgres, TestRedis } from './test-support.ts';
import { readWriteHistory } from './write-tables.ts';

let postgres: TestPostgres;
let redisServer: TestRedis;
let redis: Redis;
beforeAll(async () => {
  [postgres, redisServer] = await Promise.all([startPostgres(), startRedis()]);
  const cost = { kind: 'wait', waitMs: 0 } as const;
  await seedShop({ products: 50, reviewsPerProduct: 2, stock: 1, cost, preloadKeys: 0 }, postgres.sql);
  redis = new Redis(redisServer.url);
});
afterAll(async () => {
  redis?.disconnect();
  await Promise.all([postgres?.stop(), redisServer?.stop()]);
});
beforeEach(async () => {
  await redis.flushall();
  await resetShop(postgres.sql);
});

function start(index: number, parameters: Record<string, number>): Promise<TestInstance> {
  return startInstance({
    SHOP_HOST: '127.0.0.1',
    SHOP_PORT: '0',
    SHOP_INSTANCE: String(index),
    REDIS_URL: redisServer.url,
    DATABASE_URL: postgres.url,
    SHOP_COST: '{"kind":"wait","waitMs":0}',
    SHOP_WRITE: JSON.stringify({ id: 'write-behind', parameters }),
  });
}

/** Writes one product after the other; resolves to the ids that were acknowledged. */
async function writeAll(instance: TestInstance, count: number): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let i = 0; i < count; i++) {
    const response = await fetch(`${instance.url}/products/${i}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: `w${i}`, user: 1 }),
    });
    if (response.ok) acknowledged.push(`w${i}`);
    await response.body?.cancel();
  }
  return acknowledged;
}

const storedIds = async (): Promise<string[]> =>
  (await readWriteHistory(postgres.sql)).versions.map(({ writeId }) => writeId);

async function writeSide(instance: TestInstance): Promise<WriteSideAnswer> {
  return (await (await fetch(`${instance.url}/cachequake/writes`)).json()) as WriteSideAnswer;
}

test('killed with writes in its hands: the other instance stores every one, once', { timeout: 60_000 }, async () => {
  const parameters = { flushMs: 60_000, batch: 10_000, takeOverMs: 500 };
  const one = await start(0, parameters);
  const acknowledged = await writeAll(one, 30);
  expect(acknowledged).toHaveLength(30);
  expect(await storedIds()).toEqual([]);
  expect((await writeSide(one)).pending).toBe(30);
  await one.stop('SIGKILL');
  const other = await start(1, { ...parameters, flushMs: 50 });
  try {
    await expect.poll(storedIds, { timeout: 20_000 }).toHaveLength(30);
    expect((await storedIds()).toSorted()).toEqual(acknowledged.toSorted());
    await expect.poll(async () => (await writeSide(other)).pending, { timeout: 5000 }).toBe(0);
  } finally {
    await other.stop();
  }
});

test('Redis forgets while writes wait: no more are missing than was stated', { timeout: 60_000 }, async () => {
  const parameters = { flushMs: 60_000, batch: 10_000, maxPending: 8, drainMs: 0 };
  const one = await start(0, parameters);
  const acknowledged = await writeAll(one, 30);
  const { lossBound, pending } = await writeSide(one);
  expect([lossBound, pending]).toEqual([8, 8]);
  // With the memory of Redis goes the instance that had taken writes from it: the worst that may happen.
  await one.stop('SIGKILL');
  await redis.flushall();
  const other = await start(1, { ...parameters, flushMs: 10 });
  try {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const stored = new Set(await storedIds());
    const lost = acknowledged.filter((id) => !stored.has(id));
    expect(lost).toHaveLength(8);
    expect(lost.length).toBeLessThanOrEqual(lossBound);
  } finally {
    await other.stop();
  }
});
