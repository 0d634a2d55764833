/**
 * A Redis, a Postgres and the shop's tables for the tests of stock strategies, with what those tests do again and
 * again: start a strategy, let a crowd buy at once, and look at what the database holds and what it was asked.
 */
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { PurchaseResult, StockService, StockStrategy } from '../../harness/contract/stock.ts';
import { realClock } from '../../harness/kit/clock.ts';
import { createPool } from '../shop/database.ts';
import { reconcileShop, resetShop, seedShop } from '../shop/schema.ts';
import { startPostgres, startRedis } from '../shop/test-support.ts';
import type { TestPostgres, TestRedis } from '../shop/test-support.ts';
import { createRedisClient } from '../stores/redis.ts';

/** Units of each of the five products. */
export const UNITS = 100;
const log = { info: () => {}, warn: () => {} };

interface StartOptions {
  instance?: string;
  purchasesPerUser?: number;
  parameters?: Record<string, unknown>;
  client?: Redis;
}

/** What a test file uses; the servers run while its tests do. */
export interface StockBench {
  readonly postgres: TestPostgres;
  readonly redisServer: TestRedis;
  readonly redis: Redis;
  readonly pool: Pool;
  /** Closed after the test. */
  start(strategy: StockStrategy, options?: StartOptions): Promise<StockService>;
  /** Closes what was started before the test ends. */
  closeAll(): Promise<void>;
  /** Buys at once, from all services in turn, and waits until every accepted order is in the database. */
  rush(
    services: StockService[],
    count: number,
    request?: (i: number) => { user?: number; product?: number; orderId?: string; quantity?: number },
  ): Promise<Record<PurchaseResult, string[]>>;
  /** Waits until nothing is queued. */
  drained(stock: StockService): Promise<void>;
  inDatabase(product?: number): Promise<{ ids: string[]; users: number[]; remaining: number }>;
  /** Statements that the database has run for the strategies so far, BEGIN and COMMIT included. */
  statements(): Promise<number>;
}

/** Registers hooks of the test file that calls it. */
export function useStockBench(): StockBench {
  let postgres: TestPostgres;
  let redisServer: TestRedis;
  let redis: Redis;
  let pool: Pool;
  const open: StockService[] = [];

  beforeAll(async () => {
    [postgres, redisServer] = await Promise.all([
      startPostgres(['-c', 'shared_preload_libraries=pg_stat_statements']),
      startRedis(),
    ]);
    await postgres.sql.query('CREATE EXTENSION pg_stat_statements');
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

  const closeAll = async (): Promise<void> => {
    await Promise.all(open.splice(0).map((stock) => stock.close()));
  };

  beforeEach(async () => {
    await redis.flushall();
    await resetShop(postgres.sql);
    return closeAll;
  });

  async function drained(stock: StockService): Promise<void> {
    await expect.poll(() => stock.pending(), { timeout: 10_000, interval: 20 }).toBe(0);
  }

  return {
    get postgres() {
      return postgres;
    },
    get redisServer() {
      return redisServer;
    },
    get redis() {
      return redis;
    },
    get pool() {
      return pool;
    },
    closeAll,
    drained,
    async start(strategy, options = {}) {
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
    },
    async rush(services, count, request = () => ({})) {
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
    },
    async inDatabase(product = 0) {
      const all = await reconcileShop(postgres.sql);
      const orders = all.orders.filter((order) => order.product === product);
      return {
        ids: orders.map(({ orderId }) => orderId).toSorted(),
        users: orders.map(({ user }) => user),
        remaining: all.products.find((one) => one.product === product)!.remainingStock,
      };
    },
    async statements() {
      const [row] = await postgres.sql.query<{ calls: number }>(
        `SELECT coalesce(sum(calls), 0)::int AS calls FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'`,
      );
      return row!.calls;
    },
  };
}
