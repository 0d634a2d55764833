/**
 * Fills the cache before traffic starts, as a warm-up job would: in batches straight from the database, through the
 * reader's own tiers and lifetimes. Every entry is given the same birth time, so that without jitter all of them
 * expire at the same moment, which is what a mass-expiry experiment is about.
 */
import type { Pool } from 'pg';
import type { Loader } from '../../harness/contract/defence.ts';
import type { Dataset } from '../../harness/contract/profile.ts';
import type { Clock } from '../../harness/contract/time.ts';
import type { Reader } from '../reader/create-reader.ts';
import { loadPages, productKey } from './product-page.ts';
import type { ProductPage } from './product-page.ts';

const BATCH = 500;

/**
 * @param parts.loader loads one page at its full price: once, to know what a recompute takes; not counted as a load
 * @returns a function that caches the keys 0 to n − 1 and resolves to how many there were
 */
export function createPreload(parts: {
  pool: Pool;
  cost: Dataset['cost'];
  payloadBytes: number | null;
  loader: Loader<ProductPage>;
  reader: Pick<Reader<ProductPage>, 'put'>;
  clock: Clock;
}): (keys: number) => Promise<number> {
  const { pool, cost, payloadBytes, loader, reader, clock } = parts;

  return async (keys) => {
    const pages: ProductPage[] = [];
    for (let from = 0; from < keys; from += BATCH) {
      const ids = Array.from({ length: Math.min(BATCH, keys - from) }, (_, i) => from + i);
      pages.push(...(await loadPages(pool, cost, payloadBytes, ids)));
    }
    const startedAtMs = clock.nowMs();
    await loader(productKey(0));
    const storedAtMs = clock.nowMs();
    let stored = 0;
    for (let from = 0; from < pages.length; from += BATCH) {
      const batch = pages.slice(from, from + BATCH);
      const birth = { storedAtMs, recomputeMs: storedAtMs - startedAtMs };
      const filled = await Promise.all(
        batch.map((page) => reader.put(page.key, { value: page, version: page.version }, birth)),
      );
      stored += filled.filter(Boolean).length;
    }
    return stored;
  };
}
