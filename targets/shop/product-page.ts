/**
 * The expensive thing that the shop caches: a product page, made of the product, its best reviews and its rank by
 * rating among others. What it costs is chosen by the profile: `cpu` ranks it within the whole catalogue, real work
 * that grows with the data; `wait` ranks it within its aisle of ten and then waits, so that the recompute time is
 * known beforehand and a stampede does not change it by exhausting the processor.
 */
import type { Pool } from 'pg';
import type { Loaded, Loader } from '../../harness/contract/defence.ts';
import type { Dataset } from '../../harness/contract/profile.ts';

/** The page as it is cached and answered. `key` and `version` come first: a reader may look for them in the text. */
export interface ProductPage {
  key: string;
  version: number;
  name: string;
  priceCents: number;
  updatedAt: string;
  reviews: number;
  rating: number | null;
  helpfulVotes: number;
  /** 1 is the best rated of those it is compared with. */
  rank: number | null;
  bestReviews: { rating: number; helpful: number; body: string }[];
  /** Only where a size is asked for: fills the page up to it. */
  padding?: string;
}

/** Products that are compared with each other in `wait` mode. */
const AISLE = 10;
const HIGHEST_ID = 2_147_483_647;

// The wait stands on the left of the joins: a product that does not exist costs as much to look for.
const PAGE_SQL = `
WITH cost AS MATERIALIZED (SELECT pg_sleep($4::float8 * (1 + $6::float8 * (2 * random() - 1)))),
peers AS (
  SELECT product_id, count(*)::int AS reviews, avg(rating)::float8 AS rating, sum(helpful)::int AS helpful
  FROM shop.reviews WHERE product_id BETWEEN $2::int AND $3::int GROUP BY product_id
),
ranked AS (
  SELECT *, rank() OVER (PARTITION BY product_id / $5::int ORDER BY rating DESC, helpful DESC, product_id)::int AS rank
  FROM peers
)
SELECT p.id, p.name, p.price_cents, p.version, p.updated_at, ranked.reviews, ranked.rating, ranked.helpful, ranked.rank,
       best.reviews AS best_reviews
FROM cost
LEFT JOIN shop.products p ON p.id = ANY ($1::int[])
LEFT JOIN ranked ON ranked.product_id = p.id
LEFT JOIN LATERAL (
  SELECT json_agg(json_build_object('rating', r.rating, 'helpful', r.helpful, 'body', r.body)) AS reviews
  FROM (SELECT rating, helpful, body FROM shop.reviews WHERE product_id = p.id ORDER BY helpful DESC, body LIMIT 5) r
) best ON true`;

interface PageRow {
  id: number | null;
  name: string;
  price_cents: number;
  version: number;
  updated_at: Date;
  reviews: number | null;
  rating: number | null;
  helpful: number | null;
  rank: number | null;
  best_reviews: ProductPage['bestReviews'] | null;
}

/** The cache key of a product: `product:7`. */
export function productKey(product: number): string {
  return `product:${product}`;
}

/** The product of a cache key; null where it is none. */
export function productOf(key: string): number | null {
  const digits = /^product:(\d{1,9})$/.exec(key)?.[1];
  return digits === undefined ? null : Number(digits);
}

function toPage(row: PageRow): ProductPage {
  return {
    key: productKey(row.id!),
    version: row.version,
    name: row.name,
    priceCents: row.price_cents,
    updatedAt: row.updated_at.toISOString(),
    reviews: row.reviews ?? 0,
    rating: row.rating === null ? null : Math.round(row.rating * 100) / 100,
    helpfulVotes: row.helpful ?? 0,
    rank: row.rank,
    bestReviews: row.best_reviews ?? [],
  };
}

const PADDING_FRAME = Buffer.byteLength(',"padding":""');

/**
 * A page of the size that a profile asks for: its last reviews are left out until it fits, then it is filled up. What
 * makes a page (key, version, price) always stays, so that a size below some 230 bytes cannot be reached.
 *
 * @param bytes of the page as JSON; null for the page as it is
 */
export function toSize(page: ProductPage, bytes: number | null): ProductPage {
  if (bytes === null) return page;
  const size = (one: ProductPage): number => Buffer.byteLength(JSON.stringify(one));
  let fitting = page;
  while (size(fitting) > bytes && fitting.bestReviews.length > 0)
    fitting = { ...fitting, bestReviews: fitting.bestReviews.slice(0, -1) };
  const missing = bytes - size(fitting) - PADDING_FRAME;
  return missing < 0 ? fitting : { ...fitting, padding: '.'.repeat(missing) };
}

async function query(
  pool: Pool,
  cost: Dataset['cost'],
  ids: readonly number[],
  waitMs: number,
): Promise<ProductPage[]> {
  const whole = cost.kind === 'cpu';
  const aisle = whole ? HIGHEST_ID : AISLE;
  const low = whole ? 0 : Math.floor(Math.min(...ids) / AISLE) * AISLE;
  const high = whole ? HIGHEST_ID : Math.floor(Math.max(...ids) / AISLE) * AISLE + AISLE - 1;
  // Named, so that it is parsed once for each connection.
  const answer = await pool.query<PageRow>({
    name: 'product-page',
    text: PAGE_SQL,
    values: [ids, low, high, waitMs / 1000, aisle, cost.kind === 'wait' ? (cost.spread ?? 0) : 0],
  });
  return answer.rows.filter((row) => row.id !== null).map(toPage);
}

/**
 * Loads one page, at its full price.
 *
 * @param payloadBytes size of the page; null for as it comes
 */
export function createPageLoader(
  pool: Pool,
  cost: Dataset['cost'],
  payloadBytes: number | null = null,
): Loader<ProductPage> {
  const waitMs = cost.kind === 'wait' ? cost.waitMs : 0;
  return async (key): Promise<Loaded<ProductPage> | null> => {
    const product = productOf(key);
    if (product === null) return null;
    const [page] = await query(pool, cost, [product], waitMs);
    return page === undefined ? null : { value: toSize(page, payloadBytes), version: page.version };
  };
}

/** Loads many pages at once, without the wait: for filling the cache before traffic starts. */
export async function loadPages(
  pool: Pool,
  cost: Dataset['cost'],
  payloadBytes: number | null,
  ids: readonly number[],
): Promise<ProductPage[]> {
  return (await query(pool, cost, ids, 0)).map((page) => toSize(page, payloadBytes));
}
