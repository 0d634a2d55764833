import { describe, expect, test } from 'vitest';
import { realClock } from '../../harness/kit/clock.ts';
import { UNITS, useStockBench } from './_bench.ts';
import { defineThroughScripts } from './_through-script.ts';
import writeThrough from './write-through.ts';

const bench = useStockBench();
const { start, rush, inDatabase, statements } = bench;
const order = (orderId: string, user = 1, quantity = 1) => ({ orderId, product: 0, user, quantity });
const left = async (): Promise<string | null> => bench.redis.hget('stock:0', 'left');

describe('what holds', () => {
  test('Redis knows order and stock before the buyer is answered', async () => {
    const stock = await start(writeThrough);
    for (let i = 1; i <= 5; i++) {
      expect(await stock.purchase(order(`o-${i}`, i))).toBe('accepted');
      expect(await left()).toBe(String(UNITS - i));
      expect((await inDatabase()).remaining).toBe(UNITS - i);
      expect(await bench.redis.hmget('stock:0', `o:o-${i}`, `u:${i}`)).toEqual(['1', '1']);
    }
  });

  test('after the last unit nobody reaches the database, and an order that was stored is still known', async () => {
    const stock = await start(writeThrough);
    const { accepted } = await rush([stock], 150);
    const before = await statements();
    const late = await rush([stock], 300, (i) => ({ orderId: `late-${i}`, user: 1_000 + i }));
    expect(late['sold-out']).toHaveLength(300);
    expect(await stock.purchase(order(accepted[0]!, 0))).toBe('accepted');
    expect((await statements()) - before).toBe(0);
    expect(accepted).toHaveLength(UNITS);
  });

  test('Redis loses its memory again and again during the sale: nothing is lost, nothing sold twice', async () => {
    const services = [await start(writeThrough), await start(writeThrough, { instance: 'shop-1' })];
    const forgetting = { on: true };
    const forget = (async () => {
      while (forgetting.on) {
        await bench.redis.del('stock:0');
        await realClock.sleep(5);
      }
    })();
    let results = await rush(services, 200, (i) => ({ orderId: `first-${i}` }));
    let sold = results.accepted;
    forgetting.on = false;
    await forget;
    results = await rush(services, 300, (i) => ({ orderId: `then-${i}`, user: 1_000 + i }));
    sold = [...sold, ...results.accepted];
    expect(sold).toHaveLength(UNITS);
    expect(await inDatabase()).toMatchObject({ ids: sold.toSorted(), remaining: 0 });
  });

  test('of two writers the slower one does not bring the older number back', async () => {
    const stock = await start(writeThrough);
    await stock.purchase(order('first'));
    const scripts = defineThroughScripts(bench.redis);
    await scripts.settle(order('newer'), true, 40);
    await scripts.settle(order('older'), true, 41);
    expect(await left()).toBe('40');
  });

  test('an order that ends while an unknown stock is being found out voids what was found', async () => {
    const stock = await start(writeThrough);
    await stock.purchase(order('first'));
    await bench.redis.del('stock:0');
    await bench.redis.set('stock:0:loading', 'token');
    await defineThroughScripts(bench.redis).settle(order('ended'), true, 50);
    expect(await bench.redis.exists('stock:0:loading')).toBe(0);
    expect(await left()).toBeNull();
  });

  test('an order whose commit nobody knows of is decided by the database when it comes again', async () => {
    const stock = await start(writeThrough);
    await stock.purchase(order('first'));
    // As a commit leaves it whose answer got lost: marked in Redis, stored in the database.
    await defineThroughScripts(bench.redis).admit(order('doubtful', 2), null);
    await bench.pool.query(`INSERT INTO shop.orders VALUES ('doubtful', 0, 2, 1)`);
    await bench.pool.query('UPDATE shop.stock SET remaining = remaining - 1 WHERE product_id = 0');
    await rush([stock], 120, (i) => ({ user: 1_000 + i }));
    expect(await left()).toBe('0');
    expect(await stock.purchase(order('doubtful', 2))).toBe('accepted');
    expect((await inDatabase()).ids).toHaveLength(UNITS);
  });
});

test('its known failure: units that somebody adds in the database are not sold before the TTL has ended', async () => {
  const stock = await start(writeThrough, { parameters: { ttlMs: 700 } });
  expect((await rush([stock], 120)).accepted).toHaveLength(UNITS);
  // Found out anew, so that the whole TTL lies ahead.
  await bench.redis.del('stock:0');
  expect(await stock.purchase(order('again', 500))).toBe('sold-out');
  await bench.pool.query('UPDATE shop.stock SET remaining = 10 WHERE product_id = 0');
  expect(await stock.purchase(order('too-early', 501))).toBe('sold-out');
  expect((await inDatabase()).remaining).toBe(10);
  await expect.poll(left, { timeout: 3_000 }).toBeNull();
  expect(await stock.purchase(order('after', 502))).toBe('accepted');
});
