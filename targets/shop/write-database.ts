/** The rows that write strategies change: the product page's, with the version that every cached value carries. */
import type { Pool } from 'pg';
import type { Loader } from '../../harness/contract/defence.ts';
import type { WriteDatabase } from '../../harness/contract/write.ts';
import { productOf } from './product-page.ts';
import type { ProductPage } from './product-page.ts';
import { OUTBOX_CHANNEL } from './write-tables.ts';

/** The row, and its history in the same transaction. The time is read when the row's lock is held. */
const CHANGED = `
WITH changed AS (
  UPDATE shop.products SET price_cents = coalesce($2::int, price_cents + 1), version = version + 1, updated_at = now()
  WHERE id = $1 RETURNING id, version, price_cents
),
noted AS (
  INSERT INTO shop.versions SELECT id, version, $3::text, clock_timestamp() FROM changed
  ON CONFLICT (write_id) WHERE write_id <> '' DO NOTHING
)`;

const WRITE = `${CHANGED} SELECT version, price_cents FROM changed`;

// A query that nobody reads from is not executed, hence the count.
const WRITE_WITH_OUTBOX = `${CHANGED},
told AS (INSERT INTO shop.outbox (key, version) SELECT 'product:' || id, version FROM changed RETURNING id)
SELECT version, price_cents, (SELECT count(pg_notify('${OUTBOX_CHANNEL}', '')) FROM told) FROM changed`;

/** Every write is noted; of several for one row only the newest changes it, and only where the row is older. */
const UPSERT = `
WITH incoming AS (
  SELECT * FROM unnest($1::int[], $2::int[], $3::text[], $4::int[]) AS t (product_id, version, write_id, price_cents)
),
noted AS (
  INSERT INTO shop.versions SELECT product_id, version, write_id, clock_timestamp() FROM incoming
  ON CONFLICT (write_id) WHERE write_id <> '' DO NOTHING
),
newest AS (SELECT DISTINCT ON (product_id) * FROM incoming ORDER BY product_id, version DESC)
UPDATE shop.products p SET price_cents = n.price_cents, version = n.version, updated_at = now()
FROM newest n WHERE p.id = n.product_id AND p.version < n.version`;

const priceOf = (change: Record<string, unknown>): number | null =>
  (change['priceCents'] as number | undefined) ?? null;

/**
 * The shop's database for writes. Every method rejects where Postgres does not answer in its time limit.
 *
 * @param load the page as readers load it
 */
export function createWriteDatabase(pool: Pool, load: Loader<ProductPage>): WriteDatabase {
  return {
    load: (key) => load(key),
    async write({ key, writeId, change }, { outbox } = {}) {
      const { rows } = await pool.query<{ version: number; price_cents: number }>({
        name: outbox ? 'write-product-outbox' : 'write-product',
        text: outbox ? WRITE_WITH_OUTBOX : WRITE,
        values: [productOf(key), priceOf(change), writeId],
      });
      const [row] = rows;
      return row ? { value: { priceCents: row.price_cents }, version: row.version } : null;
    },
    async versionOf(key) {
      const { rows } = await pool.query<{ version: number }>({
        name: 'product-version',
        text: 'SELECT version FROM shop.products WHERE id = $1',
        values: [productOf(key)],
      });
      return rows[0]?.version ?? null;
    },
    async upsertIfNewer(writes) {
      const values = [
        writes.map(({ key }) => productOf(key)),
        writes.map(({ version }) => version),
        writes.map(({ writeId }) => writeId),
        writes.map(({ change }) => priceOf(change)),
      ];
      await pool.query({ name: 'upsert-products', text: UPSERT, values });
    },
    apply(value, change, version) {
      const page = value as ProductPage;
      const priceCents = priceOf(change) ?? page.priceCents + 1;
      return { value: { ...page, version, priceCents }, change: { priceCents } };
    },
  };
}
