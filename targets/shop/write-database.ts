/** The rows that write strategies change: the product page's, with the version that every cached value carries. */
import type { Pool } from 'pg';
import type { WriteDatabase } from '../../harness/contract/write.ts';
import { productOf } from './product-page.ts';

const WRITE = `
UPDATE shop.products SET price_cents = coalesce($2::int, price_cents + 1), version = version + 1, updated_at = now()
WHERE id = $1 RETURNING version, price_cents`;

/** The shop's database for writes. Every method rejects where Postgres does not answer in its time limit. */
export function createWriteDatabase(pool: Pool): WriteDatabase {
  return {
    async write({ key, change }) {
      const values = [productOf(key), (change['priceCents'] as number | undefined) ?? null];
      const { rows } = await pool.query<{ version: number; price_cents: number }>({
        name: 'write-product',
        text: WRITE,
        values,
      });
      const [row] = rows;
      return row ? { value: { priceCents: row.price_cents }, version: row.version } : null;
    },
  };
}
