/**
 * Flash-sale stock in the database alone: a conditional update takes the row's lock and the units, in one transaction
 * with the order. The rival that everything else must beat: always right, and as fast as one row can be locked.
 */
import type { PoolClient } from 'pg';
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import { defineStockStrategy } from '../../harness/contract/stock.ts';
import type { PurchaseRequest, PurchaseResult } from '../../harness/contract/stock.ts';

const TAKE = 'UPDATE shop.stock SET remaining = remaining - $2 WHERE product_id = $1 AND remaining >= $2';
// Runs after the stock row is locked, so that it sees what every earlier buyer of this product has done.
const STORE = `
INSERT INTO shop.orders (order_id, product_id, user_id, quantity)
SELECT $1::text, $2::int, $3::int, $4::int
WHERE $5::int IS NULL OR (SELECT count(*) FROM shop.orders WHERE product_id = $2::int AND user_id = $3::int) < $5::int
ON CONFLICT (order_id) DO NOTHING`;
const KNOWN = 'SELECT 1 FROM shop.orders WHERE order_id = $1';

export default defineStockStrategy({
  id: 'database',
  title: 'Database only, row lock',
  prose:
    'UPDATE … WHERE remaining >= quantity, the per-user limit and the order in one transaction. Never oversells and ' +
    'never loses an acknowledged order. Every buyer of one product queues for the lock of one row, so a flash sale ' +
    'fills the connection pool: latency grows with the crowd, and those who get no connection in time are told to ' +
    'try again.',
  source: 'PostgreSQL documentation, "Explicit locking" and "Read Committed isolation level"',
  parameters: z.object({}),
  async create({ postgres, purchasesPerUser, log }) {
    /** What it comes to, and whether a transaction is open that must be committed to make it so. */
    async function decide(client: PoolClient, request: PurchaseRequest): Promise<[PurchaseResult, boolean]> {
      const { orderId, product, user, quantity } = request;
      await client.query('BEGIN');
      const taken = await client.query({ name: 'take-stock', text: TAKE, values: [product, quantity] });
      if (taken.rowCount === 1) {
        const values = [orderId, product, user, quantity, purchasesPerUser];
        const stored = await client.query({ name: 'store-order', text: STORE, values });
        if (stored.rowCount === 1) return ['accepted', true];
      }
      await client.query('ROLLBACK');
      // A repeat of an order that was accepted before is that order.
      const known = await client.query({ name: 'known-order', text: KNOWN, values: [orderId] });
      if (known.rowCount === 1) return ['accepted', false];
      return [taken.rowCount === 1 ? 'limit-reached' : 'sold-out', false];
    }

    async function purchase(request: PurchaseRequest): Promise<PurchaseResult> {
      let client: PoolClient | null = null;
      let toCommit = false;
      try {
        client = await postgres.connect();
        const [result, open] = await decide(client, request);
        toCommit = open;
        if (open) await client.query('COMMIT');
        client.release();
        return result;
      } catch (error) {
        // The end of the connection takes back what was begun.
        client?.release(true);
        // A commit may have happened or not: the caller must say that it is not known.
        if (toCommit) throw error;
        log.warn(`purchase: ${messageOf(error)}`);
        return 'unavailable';
      }
    }

    return { purchase, pending: async () => 0, close: async () => {} };
  },
});
