import { describe, expect, test } from 'vitest';
import { Redis } from 'ioredis';
import { realClock } from '../../harness/kit/clock.ts';
import { createRedisClient } from '../stores/redis.ts';
import { UNITS, useStockBench } from './_bench.ts';
import database from './database.ts';
import script from './script.ts';
import ttlCached from './ttl-cached.ts';
import writeThrough from './write-through.ts';

const bench = useStockBench();
const { start, rush, drained, inDatabase } = bench;

describe.each([script, database, writeThrough])('$id', (strategy) => {
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
    await bench.redis.del('stock:0'); // as an eviction does
    const results = await rush([stock], 200, (i) => ({ user: 1_000 + i }));
    expect(results.accepted).toHaveLength(40);
    expect(await inDatabase()).toMatchObject({ remaining: 0 });
  });

  test.each(['shop-0', 'shop-1'])('orders that a killed shop-0 had in hand are stored by %s', async (next) => {
    const stock = await start(script);
    await stock.purchase({ orderId: 'one', product: 0, user: 1, quantity: 1 });
    await drained(stock);
    await bench.closeAll();
    // What a killed instance leaves behind: an order that was handed to it and never acknowledged.
    const id = (await bench.redis.xadd(
      'stock:orders',
      '*',
      'order',
      'left',
      'product',
      '0',
      'user',
      '2',
      'quantity',
      '1',
    ))!;
    await bench.redis.xreadgroup('GROUP', 'shop', 'shop-0', 'COUNT', 10, 'STREAMS', 'stock:orders', '>');
    // Its own orders a restarted instance takes at once, those of others when they have been waiting for long.
    if (next === 'shop-1') await bench.redis.xclaim('stock:orders', 'shop', 'shop-0', 0, id, 'IDLE', 60_000);
    const service = await start(script, { instance: next });
    await expect.poll(() => service.pending(), { timeout: 3_000, interval: 20 }).toBe(0);
    expect(await inDatabase()).toMatchObject({ ids: ['left', 'one'], remaining: UNITS - 2 });
  });

  test('Redis is emptied while the worker waits, as before every run: the next orders arrive all the same', async () => {
    const stock = await start(script);
    await stock.purchase({ orderId: 'before', product: 0, user: 1, quantity: 1 });
    await drained(stock);
    await bench.redis.flushall();
    expect(await stock.purchase({ orderId: 'after', product: 0, user: 2, quantity: 1 })).toBe('accepted');
    await drained(stock);
    expect(await inDatabase()).toMatchObject({ ids: ['after', 'before'], remaining: UNITS - 2 });
  });

  test('an entry that was stored but not acknowledged is stored once', async () => {
    const stock = await start(script);
    await stock.purchase({ orderId: 'twice', product: 0, user: 1, quantity: 1 });
    await drained(stock);
    await bench.redis.xadd('stock:orders', '*', 'order', 'twice', 'product', '0', 'user', '1', 'quantity', '1');
    await drained(stock);
    expect(await inDatabase()).toEqual({ ids: ['twice'], users: [1], remaining: UNITS - 1 });
  });

  test('a purchase that Redis carries out after its deadline sells nothing', async () => {
    // Redis stands still for longer than the client waits, then carries out what it was sent.
    const impatient = createRedisClient(bench.redisServer.url, 300);
    await new Promise((resolve) => impatient.once('ready', resolve));
    const stock = await start(script, { client: impatient });
    expect(await stock.purchase({ orderId: 'known', product: 0, user: 1, quantity: 1 })).toBe('accepted');
    await drained(stock);
    const admin = new Redis(bench.redisServer.url);
    await admin.client('PAUSE', 800, 'ALL');
    await expect(stock.purchase({ orderId: 'late', product: 0, user: 2, quantity: 1 })).rejects.toThrow();
    await realClock.sleep(800);
    await admin.ping();
    admin.disconnect();
    await bench.closeAll();
    impatient.disconnect();
    expect(await inDatabase()).toEqual({ ids: ['known'], users: [1], remaining: UNITS - 1 });
  });
});
