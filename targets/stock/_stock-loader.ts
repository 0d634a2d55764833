/**
 * Tells Redis what the stock of a product is when Redis does not know, for `script` and `write-through`. One process loads
 * while the others wait, and not before every order that was accepted earlier has reached the database: the number in
 * the database would be too high by those still queued, and they would be sold twice.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { Clock } from '../../harness/contract/time.ts';
import { ordersHaveArrived } from './_order-worker.ts';
import { loadingKey } from './_stock-script.ts';
import type { StockScripts } from './_stock-script.ts';

const POLL_MS = 15;

/** `done`: ask Redis again. `busy`: not within the time limit. */
type StockLoadResult = 'done' | 'busy';

/**
 * @param parts.limitMs how long one load may take; also the time to live of the lock
 * @param parts.keepMs how long Redis believes what it was told; 0 for as long as it can
 */
export function createStockLoader(parts: {
  redis: Redis;
  postgres: Pool;
  clock: Clock;
  scripts: StockScripts;
  limitMs: number;
  keepMs: number;
}): (product: number) => Promise<StockLoadResult> {
  const { redis, postgres, clock, scripts, limitMs, keepMs } = parts;
  const underWay = new Map<number, Promise<StockLoadResult>>();

  async function load(product: number): Promise<StockLoadResult> {
    const deadlineMs = clock.nowMs() + limitMs;
    const token = randomUUID();
    if ((await redis.set(loadingKey(product), token, 'PX', limitMs, 'NX')) !== 'OK') {
      // Somebody else loads: wait until they are done, then the caller asks again.
      while (clock.nowMs() < deadlineMs) {
        await clock.sleep(POLL_MS);
        if ((await redis.exists(loadingKey(product))) === 0) return 'done';
      }
      return 'busy';
    }
    try {
      // While the stock is unknown no order for this product can join the stream: its end now is far enough.
      if (!(await ordersHaveArrived(redis, clock, deadlineMs))) return 'busy';
      const stock = await postgres.query<{ remaining: number }>(
        'SELECT remaining FROM shop.stock WHERE product_id = $1',
        [product],
      );
      const orders = await postgres.query<{ order_id: string; user_id: number }>(
        'SELECT order_id, user_id FROM shop.orders WHERE product_id = $1',
        [product],
      );
      const pairs = orders.rows.map((row): [string, number] => [row.order_id, row.user_id]);
      // Of a product that does not exist nothing is left. Where this comes to nothing (somebody was quicker, or an order
      // voided it) asking again shows it.
      await scripts.know(product, token, stock.rows[0]?.remaining ?? 0, pairs, keepMs);
      return 'done';
    } finally {
      // After success it is gone already; after a failure the next one need not wait for its end.
      await scripts.giveUp(product, token).catch(() => undefined);
    }
  }

  return (product) => {
    let promise = underWay.get(product);
    if (promise === undefined) {
      promise = load(product).finally(() => underWay.delete(product));
      underWay.set(product, promise);
    }
    return promise;
  };
}
