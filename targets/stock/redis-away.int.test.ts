import { expect, onTestFinished, test } from 'vitest';
import { startRedis, type TestRedis } from '../shop/test-support.ts';
import { createRedisClient } from '../stores/redis.ts';
import { UNITS, useStockBench } from './_bench.ts';
import decrement from './decrement.ts';
import script from './script.ts';
import ttlCached from './ttl-cached.ts';
import writeThrough from './write-through.ts';

const bench = useStockBench();
const { start, drained, inDatabase, statements } = bench;

test.each([script, writeThrough, decrement, ttlCached])(
  '$id: while Redis is away buyers are told to try again, the database is not asked once, and it goes on afterwards',
  async (strategy) => {
    const own = await startRedis();
    const client = createRedisClient(own.url, 500);
    let again: TestRedis | undefined;
    onTestFinished(async () => {
      client.disconnect();
      await own.stop();
      await again?.stop();
    });
    await new Promise((resolve) => client.once('ready', resolve));
    const stock = await start(strategy, { client });
    expect(await stock.purchase({ orderId: 'before', product: 3, user: 1, quantity: 1 })).toBe('accepted');
    await drained(stock);
    await own.stop();
    const orders = Array.from({ length: 200 }, (_, i) => ({ orderId: `d-${i}`, product: 3, user: i, quantity: 1 }));
    await expect.poll(() => stock.purchase({ ...orders[0]!, orderId: 'x' }).catch(() => 'unknown')).toBe('unavailable');
    const statementsBefore = await statements();
    const during = await Promise.all(orders.map((order) => stock.purchase(order)));
    // A product that nobody asked for yet is where code that "just loads it" would reach the database.
    const cold = await Promise.all(orders.map((order) => stock.purchase({ ...order, product: 4 })));
    expect(new Set([...during, ...cold])).toEqual(new Set(['unavailable']));
    expect((await statements()) - statementsBefore).toBe(0);
    again = await startRedis(own.port);
    await expect
      .poll(() => stock.purchase({ orderId: 'after', product: 4, user: 5, quantity: 1 }).catch(() => 'unknown'), {
        timeout: 5_000,
      })
      .toBe('accepted');
    await drained(stock);
    expect(await inDatabase(3)).toMatchObject({ ids: ['before'], remaining: UNITS - 1 });
    expect(await inDatabase(4)).toMatchObject({ ids: ['after'], remaining: UNITS - 1 });
    expect(await statements()).toBeGreaterThan(statementsBefore);
  },
);
