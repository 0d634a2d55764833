/**
 * The shop's tables and their contents. All data follow from the dataset alone, by hashing row numbers, so that two
 * runs see the same rows; a dataset that is already there is only put back to its start.
 */
import type { Dataset } from '../../harness/contract/profile.ts';
import type { QueryRunner, Reconciliation } from '../../harness/contract/target.ts';
import { resetWrites, WRITE_TABLES } from './write-tables.ts';

/** Changes with the tables, so that data of an older shop are made anew. */
const SCHEMA = 2;

/** The stock table does not forbid negative stock and orders know no limit: overselling must be possible to be seen. */
const TABLES = [
  `CREATE TABLE shop.products (
    id int NOT NULL, name text NOT NULL, price_cents int NOT NULL, version int NOT NULL, updated_at timestamptz NOT NULL
  ) WITH (fillfactor = 70)`,
  `CREATE TABLE shop.reviews (product_id int NOT NULL, rating smallint NOT NULL, body text NOT NULL, helpful int NOT NULL)`,
  `CREATE TABLE shop.stock (product_id int PRIMARY KEY, initial int NOT NULL, remaining int NOT NULL) WITH (fillfactor = 50)`,
  `CREATE TABLE shop.orders (
    order_id text PRIMARY KEY, product_id int NOT NULL, user_id int NOT NULL, quantity int NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX orders_by_user ON shop.orders (product_id, user_id)`,
  `CREATE TABLE shop.meta (schema int NOT NULL, products int NOT NULL, reviews int NOT NULL, stock int NOT NULL)`,
  ...WRITE_TABLES,
];

/** The price before any change, from the product's number in column `column`. */
const firstPrice = (column: string): string => `199 + abs(hashint4(${column}) % 20000)`;

const FILL_PRODUCTS = `
INSERT INTO shop.products
SELECT i, (ARRAY['Red','Quiet','Sturdy','Folding','Small','Bright','Heavy','Plain'])[1 + abs(hashint4(i) % 8)] || ' ' ||
  (ARRAY['lamp','kettle','chair','radio','tent','clock','bag','desk'])[1 + abs(hashint4(i + 1) % 8)] || ' ' || i,
  ${firstPrice('i')}, 1, timestamptz '2026-01-01'
FROM generate_series(0, $1::int - 1) AS i`;

const FILL_REVIEWS = `
INSERT INTO shop.reviews
SELECT p, 1 + abs(hashint8(p::bigint * 131 + r) % 5),
  (ARRAY['Does what it says, and arrived in time.','Broke after a month, but was replaced at once.',
         'Better than the one that it replaces.','Too loud for a small room.'])[1 + abs(hashint8(p::bigint * 17 + r) % 4)]
    || ' Review ' || r || ' of ' || p || '.',
  abs(hashint8(p::bigint * 7919 + r) % 500)
FROM generate_series(0, $1::int - 1) AS p, generate_series(1, $2::int) AS r`;

/**
 * Makes the data, or puts them back to their start where this dataset is already there.
 */
export async function seedShop(dataset: Dataset, sql: QueryRunner): Promise<void> {
  if (await holds(dataset, sql)) {
    await resetShop(sql);
    return indexReviews(dataset, sql);
  }
  await sql.query('DROP SCHEMA IF EXISTS shop CASCADE');
  await sql.query('CREATE SCHEMA shop');
  for (const statement of TABLES) await sql.query(statement);
  await sql.query(FILL_PRODUCTS, [dataset.products]);
  await sql.query(FILL_REVIEWS, [dataset.products, dataset.reviewsPerProduct]);
  await sql.query('INSERT INTO shop.stock SELECT i, $2::int, $2::int FROM generate_series(0, $1::int - 1) AS i', [
    dataset.products,
    dataset.stock,
  ]);
  await sql.query('ALTER TABLE shop.products ADD PRIMARY KEY (id)');
  await indexReviews(dataset, sql);
  await sql.query('ANALYZE shop.products, shop.reviews, shop.stock');
  // Last, so that data that were only half made are made again.
  await sql.query('INSERT INTO shop.meta VALUES ($1, $2, $3, $4)', [
    SCHEMA,
    dataset.products,
    dataset.reviewsPerProduct,
    dataset.stock,
  ]);
}

/** A run without the index leaves its mark in the shared data, so each run brings its own state. */
async function indexReviews(dataset: Dataset, sql: QueryRunner): Promise<void> {
  await sql.query(
    dataset.reviewsIndex === false
      ? 'DROP INDEX IF EXISTS shop.reviews_by_product'
      : 'CREATE INDEX IF NOT EXISTS reviews_by_product ON shop.reviews (product_id)',
  );
}

async function holds(dataset: Dataset, sql: QueryRunner): Promise<boolean> {
  const [table] = await sql.query<{ there: boolean }>(`SELECT to_regclass('shop.meta') IS NOT NULL AS there`);
  if (table?.there !== true) return false;
  const [meta] = await sql.query<{ schema: number; products: number; reviews: number; stock: number }>(
    'SELECT schema, products, reviews, stock FROM shop.meta',
  );
  return (
    meta?.schema === SCHEMA &&
    meta.products === dataset.products &&
    meta.reviews === dataset.reviewsPerProduct &&
    meta.stock === dataset.stock
  );
}

/** Versions, prices, stock and orders back to their start; what was not touched is not written. */
export async function resetShop(sql: QueryRunner): Promise<void> {
  await sql.query('TRUNCATE shop.orders');
  await resetWrites(sql);
  await sql.query('UPDATE shop.stock SET remaining = initial WHERE remaining <> initial');
  await sql.query(
    `UPDATE shop.products SET version = 1, price_cents = ${firstPrice('id')}, updated_at = timestamptz '2026-01-01'
     WHERE version <> 1`,
  );
}

/** What the database says about purchases. Orders that are still queued elsewhere are not known to it: `pending` is 0. */
export async function reconcileShop(sql: QueryRunner): Promise<Reconciliation> {
  const products = await sql.query<Reconciliation['products'][number]>(
    `SELECT product_id AS product, initial AS "initialStock", remaining AS "remainingStock"
     FROM shop.stock ORDER BY product_id`,
  );
  const orders = await sql.query<Reconciliation['orders'][number]>(
    `SELECT order_id AS "orderId", product_id AS product, user_id AS "user", quantity
     FROM shop.orders ORDER BY created_at, order_id`,
  );
  return { products, orders, pending: 0 };
}
