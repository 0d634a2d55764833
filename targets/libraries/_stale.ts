/** Watches for how long new readers are given a value that is older than a delete which has already returned. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LibraryCache } from '../../harness/contract/library.ts';
import { CASE_TTL_MS } from './_case.ts';
import { readWithin } from './_crowd.ts';

const EVERY_MS = 100;
/** Without an old value for so long, none is to come. */
const QUIET_MS = 1000;

export interface StaleResult {
  /** The first reader after the delete was given the old value. */
  atOnce: boolean;
  /** Start of the last read that was given the old value, ms after the delete; 0 where none was. */
  oldForMs: number;
}

/**
 * Reads every 100 ms with every cache in turn, until no old value was seen for 1 s or a second after the TTL.
 *
 * @param caches those that read
 * @param fresh the version that a reader must see
 */
export async function oldAfterDelete(
  caches: readonly LibraryCache[],
  key: string,
  fresh: number,
): Promise<StaleResult> {
  const fromMs = performance.now();
  let atOnce: boolean | null = null;
  let lastOldMs = 0;
  const pending: Promise<void>[] = [];
  const look = async (cache: LibraryCache, atMs: number): Promise<void> => {
    const { version } = await readWithin(cache, key, 2000);
    const old = version !== null && version < fresh;
    if (old) lastOldMs = Math.max(lastOldMs, Math.round(atMs), 1);
    if (atMs === 0) atOnce = (atOnce ?? false) || old;
  };
  for (let atMs = 0; atMs < CASE_TTL_MS + 1000 && atMs - lastOldMs < QUIET_MS; atMs = performance.now() - fromMs) {
    for (const cache of caches) pending.push(look(cache, atMs));
    await delay(EVERY_MS);
  }
  await Promise.all(pending);
  return { atOnce: atOnce ?? false, oldForMs: lastOldMs };
}
