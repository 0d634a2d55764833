/**
 * Flash-sale stock read from a cache with a TTL: wrong on purpose. It is how a page's stock display becomes the
 * stock check, and it is here so that the "no oversell" check is seen to find what it is for.
 */
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import { defineStockStrategy } from '../../harness/contract/stock.ts';

const STORE = `
WITH stored AS (
  INSERT INTO shop.orders (order_id, product_id, user_id, quantity) VALUES ($1, $2, $3, $4)
  ON CONFLICT (order_id) DO NOTHING RETURNING product_id, quantity
)
UPDATE shop.stock s SET remaining = s.remaining - stored.quantity FROM stored WHERE s.product_id = stored.product_id`;

export default defineStockStrategy({
  id: 'ttl-cached',
  title: 'Stock cached with a TTL (oversells)',
  prose:
    'Wrong on purpose. The remaining stock is cached like any value; a purchase looks at the cached number and then ' +
    'writes the order and takes the units without a condition. Between two refreshes every buyer sees the same ' +
    'number, so the sale goes on for up to a TTL after the last unit is gone: about rate × TTL units too many. ' +
    'The "no oversell" check must fail with it.',
  source: 'Design notes, "Stock for a flash sale": the rival that oversells',
  parameters: z.object({
    ttlMs: z.number().int().min(1).max(3_600_000).default(1_000).describe('How long the cached number is believed'),
  }),
  async create({ redis, postgres, parameters, purchasesPerUser, log }) {
    async function stockOf(product: number): Promise<number> {
      const key = `stock-cached:${product}`;
      const cached = await redis.get(key);
      if (cached !== null) return Number(cached);
      const found = await postgres.query<{ remaining: number }>(
        'SELECT remaining FROM shop.stock WHERE product_id = $1',
        [product],
      );
      const remaining = found.rows[0]?.remaining ?? 0;
      await redis.set(key, remaining, 'PX', parameters.ttlMs);
      return remaining;
    }

    return {
      async purchase({ orderId, product, user, quantity }) {
        try {
          if ((await stockOf(product)) < quantity) return 'sold-out';
          if (purchasesPerUser !== null) {
            const bought = await postgres.query<{ count: number }>(
              'SELECT count(*)::int AS count FROM shop.orders WHERE product_id = $1 AND user_id = $2',
              [product, user],
            );
            if ((bought.rows[0]?.count ?? 0) >= purchasesPerUser) return 'limit-reached';
          }
        } catch (error) {
          log.warn(`purchase: ${messageOf(error)}`);
          return 'unavailable';
        }
        // Rejects where it is not known whether the order was stored.
        await postgres.query({ name: 'store-unchecked', text: STORE, values: [orderId, product, user, quantity] });
        return 'accepted';
      },
      pending: async () => 0,
      close: async () => {},
    };
  },
});
