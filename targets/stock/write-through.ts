/**
 * Flash-sale stock in the database, written through to Redis before the answer: the database decides each sale, Redis
 * knows its result at once and turns away those who come too late. As safe as the row lock, and a sold-out sale costs
 * the database nothing.
 */
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import { defineStockStrategy } from '../../harness/contract/stock.ts';
import type { PurchaseRequest, PurchaseResult } from '../../harness/contract/stock.ts';
import { placeOrder } from './_order-transaction.ts';
import { createStockLoader } from './_stock-loader.ts';
import { defineStockScripts } from './_stock-script.ts';
import { defineThroughScripts } from './_through-script.ts';

export default defineStockStrategy({
  id: 'write-through',
  title: 'Stock in Redis, written through with the database',
  prose:
    'Redis is asked first and refuses what is sold out, over the limit, or an order it has seen. What is left goes ' +
    'to the database, in the same transaction as with `database`; the order and the units left are written to Redis ' +
    'before the buyer is answered. Never oversells and loses nothing when Redis loses its memory. It helps once the ' +
    'sale is over: the crowd stops at Redis. While units are left every buyer queues for the row lock, and pays for ' +
    'two scripts besides. Known failure: a writer that goes around it, such as somebody who adds units in the ' +
    'database, is not seen until the number in Redis ends its TTL. When Redis is away buyers are told to try again.',
  source: 'Design notes, "Writes" (write-through) and "Stock for a flash sale"',
  parameters: z.object({
    ttlMs: z
      .number()
      .int()
      .min(50)
      .max(86_400_000)
      .default(60_000)
      .describe('How long the number in Redis is believed before the database is asked again'),
    loadLimitMs: z
      .number()
      .int()
      .min(50)
      .max(30_000)
      .default(3_000)
      .describe('How long finding out an unknown stock may take'),
  }),
  async create(context) {
    const { redis, postgres, clock, log, parameters, purchasesPerUser } = context;
    const through = defineThroughScripts(redis);
    const loadStock = createStockLoader({
      redis,
      postgres,
      clock,
      scripts: defineStockScripts(redis),
      limitMs: parameters.loadLimitMs,
      keepMs: parameters.ttlMs,
    });

    async function ask(request: PurchaseRequest): Promise<PurchaseResult> {
      // Rejects where nobody knows whether it was stored: the mark stays, and a repeat is decided by the database.
      const { result, remaining } = await placeOrder(context, request);
      await through.settle(request, result === 'accepted', remaining).catch((error: unknown) => {
        // The order is stored or refused, and that is what the buyer hears. Redis believes in more units than there
        // are, which costs a question to the database.
        log.warn(`purchase of ${request.product} was not written through: ${messageOf(error)}`);
      });
      return result;
    }

    async function purchase(request: PurchaseRequest): Promise<PurchaseResult> {
      for (let attempt = 0; attempt < 3; attempt++) {
        try {
          const admission = await through.admit(request, purchasesPerUser);
          if (admission === 'ask') break;
          if (admission !== 'unknown') return admission;
          if (attempt === 2 || (await loadStock(request.product)) === 'busy') return 'unavailable';
        } catch (error) {
          // Nothing was taken yet.
          log.warn(`purchase: ${messageOf(error)}`);
          return 'unavailable';
        }
      }
      return ask(request);
    }

    return { purchase, pending: async () => 0, close: async () => {} };
  },
});
