import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { StockService, StockStrategy } from '../../harness/contract/stock.ts';
import { realClock } from '../../harness/kit/clock.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { createLoadLog } from '../shop/load-log.ts';
import { createMetrics } from '../shop/metrics.ts';
import type { ShopMetrics } from '../shop/metrics.ts';
import { registerPurchases } from '../shop/purchase-route.ts';
import { startRedis } from '../shop/test-support.ts';
import { createRedisClient } from '../stores/redis.ts';
import { UNITS, useStockBench } from './_bench.ts';
import { createUserLimit } from './_user-limit.ts';
import type { UserLimit } from './_user-limit.ts';
import database from './database.ts';
import decrement from './decrement.ts';
import script from './script.ts';
import ttlCached from './ttl-cached.ts';
import writeThrough from './write-through.ts';

const bench = useStockBench();

describe('the limit itself', () => {
  test('of twenty requests at once three pass, and the others are told when', async () => {
    const limit = createUserLimit(bench.redis, 3);
    const waits = await Promise.all(Array.from({ length: 20 }, () => limit.takeTurn(7)));
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(3);
    for (const waitMs of waits.filter((one) => one > 0)) expect(waitMs).toBeLessThanOrEqual(1_000);
    expect(await limit.takeTurn(8)).toBe(0);
  });

  test('two instances count together, and whoever waits as told gets through', async () => {
    const other = createRedisClient(bench.redisServer.url, 2_000);
    await new Promise((resolve) => other.once('ready', resolve));
    const [a, b] = [createUserLimit(bench.redis, 2), createUserLimit(other, 2)];
    expect([await a.takeTurn(1), await b.takeTurn(1)]).toEqual([0, 0]);
    const waitMs = await b.takeTurn(1);
    expect(waitMs).toBeGreaterThan(0);
    await realClock.sleep(waitMs + 1);
    expect(await a.takeTurn(1)).toBe(0);
    other.disconnect();
  });

  // perSec, limit, window: the rate as it is meant, also below one and between whole numbers.
  test.each([
    [4, 4, 1_000],
    [2.5, 3, 1_200],
    [0.8, 1, 1_250],
  ])('%f per second: never more than %i in any %i ms', async (perSec, most, windowMs) => {
    const limit = createUserLimit(bench.redis, perSec);
    const random = seededRandom(11, `limit/${perSec}`);
    const passed: { sentMs: number; endedMs: number }[] = [];
    const endMs = realClock.nowMs() + 3_000;
    while (realClock.nowMs() < endMs) {
      const sentMs = realClock.nowMs();
      if ((await limit.takeTurn(1)) === 0) passed.push({ sentMs, endedMs: realClock.nowMs() });
      await realClock.sleep(random.next() * 60);
    }
    expect(passed.length).toBeGreaterThan(most);
    for (let i = 0; i + most < passed.length; i++)
      expect(passed[i + most]!.endedMs - passed[i]!.sentMs).toBeGreaterThanOrEqual(windowMs - 1);
  });

  test('what it keeps is bounded, and gone when the window is over', async () => {
    const limit = createUserLimit(bench.redis, 5);
    for (let i = 0; i < 50; i++) await limit.takeTurn(3);
    expect(await bench.redis.llen('limit:3')).toBe(5);
    expect(await bench.redis.pttl('limit:3')).toBeLessThanOrEqual(1_000);
    expect(await bench.redis.pttl('limit:3')).toBeGreaterThan(0);
  });
});

describe('before a stock strategy', () => {
  let app: FastifyInstance;
  let metrics: ShopMetrics;

  async function open(stock: StockService, limit: UserLimit | null): Promise<void> {
    metrics = createMetrics(bench.pool, createLoadLog());
    app = Fastify();
    registerPurchases(app, { stock, limit, metrics, log: { info: () => {}, warn: () => {} } });
    await app.ready();
  }

  afterEach(async () => {
    metrics.close();
    await app.close();
  });

  const buy = (orderId: string, user: number) =>
    app.inject({ method: 'POST', url: '/purchases', payload: { orderId, product: 0, user } });

  test.each<StockStrategy>([script, writeThrough, decrement, database, ttlCached])(
    '$id: of five purchases of one user at once two pass, three are told to wait, and others do not notice',
    async (strategy) => {
      const stock = await bench.start(strategy);
      await open(stock, createUserLimit(bench.redis, 2));
      const answers = await Promise.all(Array.from({ length: 5 }, (_, i) => buy(`o-${i}`, 1)));
      expect(answers.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([201, 201, 429, 429, 429]);
      for (const answer of answers.filter(({ statusCode }) => statusCode === 429)) {
        expect(answer.headers['retry-after']).toBe('1');
        expect(answer.json()).toMatchObject({ result: 'too many requests' });
      }
      expect((await buy('other', 2)).statusCode).toBe(201);
      expect(metrics.purchases).toMatchObject({ accepted: 3, 'too-many-requests': 3 });
      await bench.drained(stock);
      expect(await bench.inDatabase()).toMatchObject({ remaining: UNITS - 3 });
    },
  );

  test('a user who hammers costs the database no more than their turns', async () => {
    await open(await bench.start(database), createUserLimit(bench.redis, 1));
    await buy('first', 1);
    const before = await bench.statements();
    await Promise.all(Array.from({ length: 100 }, (_, i) => buy(`h-${i}`, 1)));
    // Even on a slow machine few windows of a second pass meanwhile; without the limit it would be 400.
    expect((await bench.statements()) - before).toBeLessThanOrEqual(40);
  });

  test('while Redis is away nobody passes, not even to a strategy that lives in the database', async () => {
    const own = await startRedis();
    const client = createRedisClient(own.url, 300);
    onTestFinished(async () => {
      client.disconnect();
      await own.stop();
    });
    await new Promise((resolve) => client.once('ready', resolve));
    await open(await bench.start(database), createUserLimit(client, 10));
    expect((await buy('before', 1)).statusCode).toBe(201);
    await own.stop();
    await expect.poll(() => client.status).not.toBe('ready');
    const before = await bench.statements();
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => buy(`d-${i}`, i)));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([503]));
    expect(answers[0]!.headers['retry-after']).toBe('1');
    expect(answers[0]!.json()).toMatchObject({ result: 'high demand, try again' });
    expect((await bench.statements()) - before).toBe(0);
  });
});
