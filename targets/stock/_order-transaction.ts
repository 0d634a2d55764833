/**
 * The transaction that stores an order and takes its units under the row's lock. Strategies whose decision the
 * database has the last word on share it, so that they differ in nothing but what they ask before it.
 */
import type { Pool, PoolClient } from 'pg';
import { messageOf } from '../../harness/contract/errors.ts';
import type { PurchaseRequest, PurchaseResult } from '../../harness/contract/stock.ts';
import type { Log } from '../../harness/contract/time.ts';

const TAKE =
  'UPDATE shop.stock SET remaining = remaining - $2 WHERE product_id = $1 AND remaining >= $2 RETURNING remaining';
// Runs after the stock row is locked, so that it sees what every earlier buyer of this product has done.
const STORE = `
INSERT INTO shop.orders (order_id, product_id, user_id, quantity)
SELECT $1::text, $2::int, $3::int, $4::int
WHERE $5::int IS NULL OR (SELECT count(*) FROM shop.orders WHERE product_id = $2::int AND user_id = $3::int) < $5::int
ON CONFLICT (order_id) DO NOTHING`;
const REFUSED = `
SELECT EXISTS (SELECT 1 FROM shop.orders WHERE order_id = $1) AS known,
  (SELECT remaining FROM shop.stock WHERE product_id = $2) AS remaining`;

interface PlacedOrder {
  result: PurchaseResult;
  /** True where this very call stored the order: false for a repeat of one that was there already. */
  stored: boolean;
  /** Units left as the database said it, null where it did not. */
  remaining: number | null;
}

/**
 * Stores the order, or finds out why it cannot be. `unavailable` is definite: nothing was stored.
 *
 * @throws the database's error where the commit may have happened or not
 */
export async function placeOrder(
  parts: { postgres: Pool; log: Log; purchasesPerUser: number | null },
  request: PurchaseRequest,
): Promise<PlacedOrder> {
  let client: PoolClient | null = null;
  let toCommit = false;
  try {
    client = await parts.postgres.connect();
    const placed = await decide(client, request, parts.purchasesPerUser);
    toCommit = placed.stored;
    if (toCommit) await client.query('COMMIT');
    client.release();
    return placed;
  } catch (error) {
    // The end of the connection takes back what was begun.
    client?.release(true);
    // A commit may have happened or not: the caller must say that it is not known.
    if (toCommit) throw error;
    parts.log.warn(`purchase: ${messageOf(error)}`);
    return { result: 'unavailable', stored: false, remaining: null };
  }
}

/** What it comes to. Where the order is `stored` the transaction is still open. */
async function decide(
  client: PoolClient,
  { orderId, product, user, quantity }: PurchaseRequest,
  limit: number | null,
): Promise<PlacedOrder> {
  await client.query('BEGIN');
  const taken = await client.query<{ remaining: number }>({
    name: 'take-stock',
    text: TAKE,
    values: [product, quantity],
  });
  const enough = taken.rowCount === 1;
  if (enough) {
    const values = [orderId, product, user, quantity, limit];
    const stored = await client.query({ name: 'store-order', text: STORE, values });
    if (stored.rowCount === 1) return { result: 'accepted', stored: true, remaining: taken.rows[0]!.remaining };
  }
  await client.query('ROLLBACK');
  const refused = await client.query<{ known: boolean; remaining: number | null }>({
    name: 'refused-order',
    text: REFUSED,
    values: [orderId, product],
  });
  const { known, remaining } = refused.rows[0]!;
  // A repeat of an order that was accepted before is that order. Of a product that does not exist nothing is left.
  const result = known ? 'accepted' : enough ? 'limit-reached' : 'sold-out';
  return { result, stored: false, remaining: remaining ?? 0 };
}
