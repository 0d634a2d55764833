/**
 * One page made of parts that age differently: the text of a product hardly ever changes, its price now and then, its
 * stock all the time. Cached as a whole the page is as short-lived as its most restless part.
 */
import { z } from 'zod';
import type { Loader } from '../../harness/contract/defence.ts';
import { defineWorkload, workloadRequest } from '../../harness/contract/workload.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

export default defineWorkload({
  id: 'product-parts',
  title: 'A product page in parts',
  prose:
    '`parts` caches details for an hour, reviews for fifteen minutes and the price for five, each under its own key, and ' +
    'never caches the stock. `whole` caches the page under one key for the shortest of these times. Times are divided ' +
    'by `timeScale`, so that an hour fits into a short run.',
  source: 'Design notes, "product-page"; fragment caching as in Rails and Edge Side Includes (W3C note, 2001)',
  parameters: z.object({
    strategy: z.enum(['parts', 'whole']).default('parts').describe('what is cached under one key'),
    timeScale: z.number().min(1).max(100_000).default(600).describe('an hour takes an hour divided by this'),
    loadMs: z.number().min(0).max(10_000).default(20).describe('how long the database takes for one part'),
  }),
  operations: { 'read-item': workloadRequest('read-item') },
  seed: () => Promise.resolve(),
  create({ postgres, reader, parameters: { strategy, timeScale, loadMs } }) {
    const query = (name: string, text: string) => async (product: number) => {
      const { rows } = await postgres.query<Record<string, unknown>>({ name, text, values: [product, loadMs / 1000] });
      return rows[0] ?? null;
    };
    const slow = 'CROSS JOIN LATERAL (SELECT pg_sleep($2)) AS work';
    const details = query('details', `SELECT name, version FROM shop.products ${slow} WHERE id = $1`);
    const price = query('price', `SELECT price_cents, version FROM shop.products ${slow} WHERE id = $1`);
    const reviews = query(
      'reviews',
      `SELECT count(*)::int AS count, avg(rating)::float8 AS rating FROM shop.reviews ${slow} WHERE product_id = $1`,
    );
    const stock = query('stock', 'SELECT remaining, $2::float8 AS unused FROM shop.stock WHERE product_id = $1');

    const productOf = (key: string): number => Number(key.slice(key.lastIndexOf(':') + 1));
    const loader =
      (of: (product: number) => Promise<Record<string, unknown> | null>): Loader<Record<string, unknown>> =>
      async (key) => {
        const value = await of(productOf(key));
        return value && { value, version: Number(value['version'] ?? 1) };
      };
    const scaled = (ms: number): number => Math.max(50, ms / timeScale);
    const parts = {
      details: reader(loader(details), scaled(HOUR_MS)),
      price: reader(loader(price), scaled(5 * MINUTE_MS)),
      reviews: reader(loader(reviews), scaled(15 * MINUTE_MS)),
    };
    const whole = reader(
      loader(async (product) => ({
        ...(await details(product)),
        price: await price(product),
        reviews: await reviews(product),
      })),
      scaled(5 * MINUTE_MS),
    );

    return Promise.resolve({
      handlers: {
        async 'read-item'({ key }) {
          const left = await stock(key);
          if (strategy === 'whole') {
            const answer = await whole.read(`page:${key}`);
            return { status: 200, body: { page: answer.value, stock: left }, cache: answer.outcome };
          }
          const answers = await Promise.all(
            Object.entries(parts).map(async ([name, part]) => [name, await part.read(`${name}:${key}`)] as const),
          );
          // The page is as fresh as its worst part.
          const worst = answers.find(([, answer]) => answer.outcome !== 'hit')?.[1].outcome ?? 'hit';
          const page = Object.fromEntries(answers.map(([name, answer]) => [name, answer.value]));
          return { status: 200, body: { page, stock: left }, cache: worst };
        },
      },
      close: () => Promise.resolve(),
    });
  },
});
