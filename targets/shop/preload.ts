/**
 * Fills the cache before traffic starts, as a warm-up job would: in batches straight from the database, through the
 * stack's own tiers and lifetimes. Every entry is given the same birth time, so that without jitter all of them
 * expire at the same moment, which is what a mass-expiry experiment is about.
 */
import type { Pool } from 'pg';
import type { Loader } from '../../harness/contract/defence.ts';
import type { Dataset } from '../../harness/contract/profile.ts';
import type { Clock } from '../../harness/contract/time.ts';
import type { ComposedStack } from '../reader/stack.ts';
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
  stack: ComposedStack;
  clock: Clock;
  ttlMs: number;
}): (keys: number) => Promise<number> {
  const { pool, cost, payloadBytes, loader, stack, clock } = parts;

  async function fill(page: ProductPage, storedAtMs: number, recomputeMs: number): Promise<boolean> {
    const ttlMs = stack.lifetimes.reduce((baseMs, layer) => layer.ttlMs(page.key, baseMs), parts.ttlMs);
    for (const layer of stack.admission) await layer.created(page.key);
    const expiresAtMs = storedAtMs + ttlMs;
    const keepMs = expiresAtMs - clock.nowMs() + stack.keepAfterTtlMs;
    if (keepMs <= 0) return false; // outlived before it was stored
    return stack.store.set(
      { key: page.key, value: page, version: page.version, storedAtMs, expiresAtMs, recomputeMs },
      { keepMs },
    );
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
    let stored = 0;
    for (let from = 0; from < pages.length; from += BATCH) {
      const batch = pages.slice(from, from + BATCH);
      const filled = await Promise.all(batch.map((page) => fill(page, storedAtMs, storedAtMs - startedAtMs)));
      stored += filled.filter(Boolean).length;
    }
    return stored;
  };
}
