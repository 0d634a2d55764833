import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dataset } from '../../harness/contract/profile.ts';
import { reconcileShop, seedShop } from './schema.ts';
import { startPostgres } from './test-support.ts';
import type { TestPostgres } from './test-support.ts';

const DATASET: Dataset = { products: 60, reviewsPerProduct: 5, stock: 20, cost: { kind: 'cpu' }, preloadKeys: 0 };

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
  await seedShop(DATASET, postgres.sql);
});
afterAll(() => postgres?.stop());

test('seeding: the same dataset is kept and put back, another is made anew', async () => {
  await postgres.sql.query('UPDATE shop.products SET version = 5, price_cents = 1 WHERE id = 3');
  await postgres.sql.query('UPDATE shop.stock SET remaining = -4 WHERE product_id = 3');
  const before = await postgres.sql.query('SELECT * FROM shop.products WHERE id = 2');
  await seedShop(DATASET, postgres.sql);
  const [row] = await postgres.sql.query<{ version: number; price_cents: number }>(
    'SELECT version, price_cents FROM shop.products WHERE id = 3',
  );
  expect(row!.version).toBe(1);
  expect(row!.price_cents).toBeGreaterThan(1);
  expect(await postgres.sql.query('SELECT * FROM shop.products WHERE id = 2')).toEqual(before);
  expect((await reconcileShop(postgres.sql)).products.every((one) => one.remainingStock === 20)).toBe(true);
  await seedShop({ ...DATASET, stock: 21 }, postgres.sql);
  expect((await reconcileShop(postgres.sql)).products[3]).toEqual({ product: 3, initialStock: 21, remainingStock: 21 });
  // The rows follow from their numbers alone.
  expect(await postgres.sql.query('SELECT * FROM shop.products WHERE id = 2')).toEqual(before);
});

test('seeding 5,000 products with 50 reviews each takes seconds, not minutes', async () => {
  const startedMs = performance.now();
  await seedShop({ ...DATASET, products: 5_000, reviewsPerProduct: 50 }, postgres.sql);
  // Measured at 0.6 s on an idle machine with two cores.
  expect(performance.now() - startedMs).toBeLessThan(15_000);
});
