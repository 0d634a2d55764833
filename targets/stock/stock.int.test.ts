import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { PurchaseResult, StockService, StockStrategy } from '../../harness/contract/stock.ts';
import { realClock } from '../../harness/kit/clock.ts';
import { createPool } from '../shop/database.ts';
import { reconcileShop, resetShop, seedShop } from '../shop/schema.ts';
import { startPostgres, startRedis } from '../shop/test-support.ts';
import type { TestPostgres, TestRedis } from '../shop/test-support.ts';
import { createRedisClient } from '../stores/redis.ts';
import database from './database.ts';
import script from './script.ts';
import ttlCached from './ttl-cached.ts';

const UNITS = 100;
const log = { info: () => {}, warn: () => {} };

let postgres: TestPostgres;
let redisServer: TestRedis;
let redis: Redis;
let pool: Pool;
const open: StockService[] = [];

beforeAll(async () => {
  [postgres, redisServer] = await Promise.all([startPostgres(), startRedis()]);
  await seedShop(
    { products: 5, reviewsPerProduct: 1, stock: UNITS, cost: { kind: 'cpu' }, preloadKeys: 0 },
    postgres.sql,
  );
  pool = createPool(postgres.url, { max: 10, timeoutMs: 10_000, name: 'test', log });
  redis = createRedisClient(redisServer.url, 2_000);
  await new Promise((resolve) => redis.once('ready', resolve));
});

afterAll(async () => {
  redis?.disconnect();
  await pool?.end();
  await Promise.all([postgres?.stop(), redisServer?.stop()]);
});

beforeEach(async () => {
  await Promise.all(open.splice(0).map((stock) => stock.close()));
  await redis.flushall();
  await resetShop(postgres.sql);
  return async () => {
    await Promise.all(open.splice(0).map((stock) => stock.close()));
  };
});

async function start(
  strategy: StockStrategy,
  options: { instance?: string; purchasesPerUser?: number; parameters?: Record<string, unknown>; client?: Redis } = {},
): Promise<StockService> {
  const stock = await strategy.create({
    redis: options.client ?? redis,
    postgres: pool,
    clock: realClock,
    log,
    parameters: strategy.parameters.parse(options.parameters ?? {}),
    instance: options.instance ?? 'shop-0',
    purchasesPerUser: options.purchasesPerUser ?? null,
  });
  open.push(stock);
  return stock;
}

/** Buys at once, from all services in turn, and waits until every accepted order is in the database. */
async function rush(
  services: StockService[],
  count: number,
  request: (i: number) => { user?: number; product?: number; orderId?: string } = () => ({}),
): Promise<Record<PurchaseResult, string[]>> {
  const results: Record<PurchaseResult, string[]> = {
    accepted: [],
    'sold-out': [],
    'limit-reached': [],
    unavailable: [],
  };
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const order = { orderId: `order-${i}`, product: 0, user: i, quantity: 1, ...request(i) };
      results[await services[i % services.length]!.purchase(order)].push(order.orderId);
    }),
  );
  await drained(services[0]!);
  return results;
}

async function drained(stock: StockService): Promise<void> {
  await expect.poll(() => stock.pending(), { timeout: 10_000, interval: 20 }).toBe(0);
}

async function inDatabase(product = 0) {
  const all = await reconcileShop(postgres.sql);
  const orders = all.orders.filter((order) => order.product === product);
  return {
    ids: orders.map(({ orderId }) => orderId).toSorted(),
    users: orders.map(({ user }) => user),
    remaining: all.products.find((one) => one.product === product)!.remainingStock,
  };
}

describe.each([script, database])('$id', (strategy) => {
  test('500 buyers at two instances for 100 units: exactly 100 sold, and those are in the database', async () => {
    const services = [await start(strategy), await start(strategy, { instance: 'shop-1' })];
    const results = await rush(services, 500);
    expect(results.accepted).toHaveLength(UNITS);
    expect(results['sold-out']).toHaveLength(400);
    expect(await inDatabase()).toMatchObject({ ids: results.accepted.toSorted(), remaining: 0 });
  });

  test('300 purchases of 20 users who may make two each', async () => {
    const services = [
      await start(strategy, { purchasesPerUser: 2 }),
      await start(strategy, { purchasesPerUser: 2, instance: 'shop-1' }),
    ];
    const results = await rush(services, 300, (i) => ({ user: i % 20 }));
    expect(results.accepted).toHaveLength(40);
    expect(results['limit-reached']).toHaveLength(260);
    const { users, remaining } = await inDatabase();
    for (let user = 0; user < 20; user++) expect(users.filter((one) => one === user)).toHaveLength(2);
    expect(remaining).toBe(UNITS - 40);
  });

  test('an order that is sent again is the same order', async () => {
    const stock = await start(strategy, { purchasesPerUser: 1 });
    const order = { orderId: 'again', product: 1, user: 7, quantity: 3 };
    for (let i = 0; i < 3; i++) {
      expect(await stock.purchase(order)).toBe('accepted');
      await drained(stock);
    }
    expect(await inDatabase(1)).toEqual({ ids: ['again'], users: [7], remaining: UNITS - 3 });
  });

  test('more than there is, and a product that does not exist, are sold out', async () => {
    const stock = await start(strategy);
    expect(await stock.purchase({ orderId: 'many', product: 2, user: 1, quantity: UNITS + 1 })).toBe('sold-out');
    expect(await stock.purchase({ orderId: 'none', product: 999, user: 1, quantity: 1 })).toBe('sold-out');
    expect(await stock.purchase({ orderId: 'all', product: 2, user: 1, quantity: UNITS })).toBe('accepted');
    await drained(stock);
    expect(await inDatabase(2)).toMatchObject({ ids: ['all'], remaining: 0 });
  });
});

describe('ttl-cached', () => {
  test('500 buyers for 100 units: oversells, which is what it is for', async () => {
    const results = await rush([await start(ttlCached, { parameters: { ttlMs: 60_000 } })], 500);
    expect(results.accepted.length).toBeGreaterThan(UNITS);
    const { ids, remaining } = await inDatabase();
    expect(ids).toHaveLength(results.accepted.length);
    expect(remaining).toBe(UNITS - results.accepted.length);
  });
});

describe('script, when things break', () => {
  test('the stock is forgotten during the sale while orders are queued: nothing is sold twice', async () => {
    const stock = await start(script, { parameters: { batch: 5 } });
    const first = await Promise.all(
      Array.from({ length: 60 }, (_, user) =>
        stock.purchase({ orderId: `early-${user}`, product: 0, user, quantity: 1 }),
      ),
    );
    expect(first.every((result) => result === 'accepted')).toBe(true);
    await redis.del('stock:0'); // as an eviction does
    const results = await rush([stock], 200, (i) => ({ user: 1_000 + i }));
    expect(results.accepted).toHaveLength(40);
    expect(await inDatabase()).toMatchObject({ remaining: 0 });
  });

  test.each(['shop-0', 'shop-1'])('orders that a killed shop-0 had in hand are stored by %s', async (next) => {
    const stock = await start(script);
    await stock.purchase({ orderId: 'one', product: 0, user: 1, quantity: 1 });
    await drained(stock);
    await open.splice(0)[0]!.close();
    // What a killed instance leaves behind: an order that was handed to it and never acknowledged.
    const id = (await redis.xadd('stock:orders', '*', 'order', 'left', 'product', '0', 'user', '2', 'quantity', '1'))!;
    await redis.xreadgroup('GROUP', 'shop', 'shop-0', 'COUNT', 10, 'STREAMS', 'stock:orders', '>');
    // Its own orders a restarted instance takes at once, those of others when they have been waiting for long.
    if (next === 'shop-1') await redis.xclaim('stock:orders', 'shop', 'shop-0', 0, id, 'IDLE', 60_000);
    const service = await start(script, { instance: next });
    await expect.poll(() => service.pending(), { timeout: 3_000, interval: 20 }).toBe(0);
    expect(await inDatabase()).toMatchObject({ ids: ['left', 'one'], remaining: UNITS - 2 });
  });

  test('Redis is emptied while the worker waits, as before every run: the next orders arrive all the same', async () => {
    const stock = await start(script);
    await stock.purchase({ orderId: 'before', product: 0, user: 1, quantity: 1 });
    await drained(stock);
    await redis.flushall();
    expect(await stock.purchase({ orderId: 'after', product: 0, user: 2, quantity: 1 })).toBe('accepted');
    await drained(stock);
    expect(await inDatabase()).toMatchObject({ ids: ['after', 'before'], remaining: UNITS - 2 });
  });

  test('an entry that was stored but not acknowledged is stored once', async () => {
    const stock = await start(script);
    await stock.purchase({ orderId: 'twice', product: 0, user: 1, quantity: 1 });
    await drained(stock);
    await redis.xadd('stock:orders', '*', 'order', 'twice', 'product', '0', 'user', '1', 'quantity', '1');
    await drained(stock);
    expect(await inDatabase()).toEqual({ ids: ['twice'], users: [1], remaining: UNITS - 1 });
  });

  test('a purchase that Redis carries out after its deadline sells nothing', async () => {
    // Redis stands still for longer than the client waits, then carries out what it was sent.
    const impatient = createRedisClient(redisServer.url, 300);
    await new Promise((resolve) => impatient.once('ready', resolve));
    const stock = await start(script, { client: impatient });
    expect(await stock.purchase({ orderId: 'known', product: 0, user: 1, quantity: 1 })).toBe('accepted');
    await drained(stock);
    const admin = new Redis(redisServer.url);
    await admin.client('PAUSE', 800, 'ALL');
    await expect(stock.purchase({ orderId: 'late', product: 0, user: 2, quantity: 1 })).rejects.toThrow();
    await realClock.sleep(800);
    await admin.ping();
    admin.disconnect();
    await stock.close();
    open.splice(0);
    impatient.disconnect();
    expect(await inDatabase()).toEqual({ ids: ['known'], users: [1], remaining: UNITS - 1 });
  });

  test('Redis away: buyers are told to try again, nothing falls through, and it goes on afterwards', async () => {
    const own = await startRedis();
    const client = createRedisClient(own.url, 500);
    const stock = await start(script, { client });
    expect(await stock.purchase({ orderId: 'before', product: 3, user: 1, quantity: 1 })).toBe('accepted');
    await drained(stock);
    await own.stop();
    const orders = Array.from({ length: 20 }, (_, i) => ({ orderId: `d-${i}`, product: 3, user: i, quantity: 1 }));
    await expect.poll(() => stock.purchase({ ...orders[0]!, orderId: 'x' }).catch(() => 'unknown')).toBe('unavailable');
    const during = await Promise.all(orders.map((order) => stock.purchase(order)));
    expect(new Set(during)).toEqual(new Set(['unavailable']));
    const again = await startRedis(own.port);
    try {
      await expect
        .poll(() => stock.purchase({ orderId: 'after', product: 3, user: 5, quantity: 1 }).catch(() => 'unknown'), {
          timeout: 5_000,
        })
        .toBe('accepted');
      await drained(stock);
      expect(await inDatabase(3)).toMatchObject({ ids: ['after', 'before'], remaining: UNITS - 2 });
    } finally {
      await stock.close();
      open.splice(0);
      client.disconnect();
      await again.stop();
    }
  });
});
