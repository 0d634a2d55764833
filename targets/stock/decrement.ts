/**
 * Flash-sale stock as a counter in Redis: DECR, and INCR to take it back where it went below zero. What most people
 * write first, in plain commands and without a script; it keeps the sold-out crowd away from the database, and every
 * step between two commands is a place where units are lost.
 */
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import { defineStockStrategy } from '../../harness/contract/stock.ts';
import type { PurchaseRequest, PurchaseResult } from '../../harness/contract/stock.ts';
import { placeOrder } from './_order-transaction.ts';

const counterKey = (product: number): string => `stock-count:${product}`;

export default defineStockStrategy({
  id: 'decrement',
  title: 'Plain DECR with rollback (leaks units)',
  prose:
    'DECRBY takes the units; below zero they are given back with INCRBY and the buyer is told that it is sold out; ' +
    'otherwise the order goes to the database, which checks again, and units come back where it refuses. It helps ' +
    'by keeping those who come too late away from the database. Known failure: it undersells. A crash, or an answer ' +
    'that gets lost, between DECR and the order leaks the units for the rest of the sale; an evicted counter begins ' +
    'at zero again and ends it; a large order that is refused holds units for a moment, and small ones are refused ' +
    'meanwhile; an order sent again after the last unit is told "sold out" although it was stored. When Redis is ' +
    'away buyers are told to try again.',
  source: 'Redis documentation, "DECRBY"; design notes, "Stock for a flash sale": the rival without a script',
  parameters: z.object({}),
  async create(context) {
    const { redis, postgres, log } = context;
    /** Products whose counter this process has seen or set. */
    const opened = new Map<number, Promise<void>>();

    async function open(product: number): Promise<void> {
      // Redis is asked first: while it is away nothing may reach the database.
      if ((await redis.exists(counterKey(product))) === 1) return;
      const found = await postgres.query<{ remaining: number }>(
        'SELECT remaining FROM shop.stock WHERE product_id = $1',
        [product],
      );
      await redis.set(counterKey(product), found.rows[0]?.remaining ?? 0, 'NX');
    }

    function openOnce(product: number): Promise<void> {
      let promise = opened.get(product);
      if (promise === undefined) {
        promise = open(product).catch((error: unknown) => {
          opened.delete(product);
          throw error;
        });
        opened.set(product, promise);
      }
      return promise;
    }

    async function giveBack({ product, quantity }: PurchaseRequest): Promise<void> {
      await redis.incrby(counterKey(product), quantity).catch((error: unknown) => {
        log.warn(`${quantity} units of product ${product} leaked, they could not be given back: ${messageOf(error)}`);
      });
    }

    async function purchase(request: PurchaseRequest): Promise<PurchaseResult> {
      let left: number;
      try {
        await openOnce(request.product);
        left = await redis.decrby(counterKey(request.product), request.quantity);
      } catch (error) {
        // Where only the answer got lost the units are gone. Giving them back blindly could sell them twice.
        log.warn(`purchase: ${messageOf(error)}`);
        return 'unavailable';
      }
      if (left < 0) {
        await giveBack(request);
        return 'sold-out';
      }
      // Rejects where nobody knows whether the order was stored: its units stay taken.
      const placed = await placeOrder(context, request);
      if (!placed.stored) await giveBack(request);
      return placed.result;
    }

    return { purchase, pending: async () => 0, close: async () => {} };
  },
});
