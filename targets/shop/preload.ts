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
/** Writes at once: on a busy machine more than that do not end within the client's time limit. */
const WRITES = 100;
const ATTEMPTS = 5;
const PAUSE_MS = 300;

type Birth = Parameters<Reader<ProductPage>['put']>[2];

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

  /** Nothing is measured yet, so that a cache that is late is asked again; what is stored stays stored. */
  async function storeAll(pages: readonly ProductPage[], birth: Birth): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const done = await Promise.allSettled(
        pages.map((page) => reader.put(page.key, { value: page, version: page.version }, birth)),
      );
      const failed = done.find((one) => one.status === 'rejected');
      if (failed === undefined) return done.filter((one) => one.status === 'fulfilled' && one.value).length;
      if (attempt === ATTEMPTS) throw failed.reason;
      await clock.sleep(PAUSE_MS);
    }
  }

  return async (keys) => {
    const pages: ProductPage[] = [];
    for (let from = 0; from < keys; from += BATCH) {
      const ids = Array.from({ length: Math.min(BATCH, keys - from) }, (_, i) => from + i);
      pages.push(...(await loadPages(pool, cost, payloadBytes, ids)));
    }
    const startedAtMs = clock.nowMs();
    await loader(productKey(0));
    const storedAtMs = clock.nowMs();
    const birth = { storedAtMs, recomputeMs: storedAtMs - startedAtMs };
    let stored = 0;
    for (let from = 0; from < pages.length; from += WRITES)
      stored += await storeAll(pages.slice(from, from + WRITES), birth);
    return stored;
  };
}
