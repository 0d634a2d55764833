/** What a write puts into the cache, with the lifetime that readers give it. */
import type { Loaded } from '../../harness/contract/defence.ts';
import type { Entry, SetOptions, Store } from '../../harness/contract/store.ts';
import type { WriteContext } from '../../harness/contract/write.ts';
import { delegateTo } from '../stores/_delegate.ts';

/** The entry of a value that was loaded or made by a write; its TTL begins now. */
export function entryOf(
  { clock, ttlMs }: Pick<WriteContext<unknown>, 'clock' | 'ttlMs'>,
  key: string,
  { value, version }: Loaded<unknown>,
  recomputeMs: number,
): Entry<unknown> {
  const storedAtMs = clock.nowMs();
  return { key, value, version, storedAtMs, expiresAtMs: storedAtMs + ttlMs, recomputeMs };
}

/** Loads what the row has become and stores it; resolves to whether it was stored. */
export async function loadAndSet(
  context: Pick<WriteContext<unknown>, 'clock' | 'ttlMs' | 'database' | 'store'>,
  key: string,
  conditions: Omit<SetOptions, 'keepMs'>,
): Promise<boolean> {
  const { clock, ttlMs, database, store } = context;
  const startedMs = clock.nowMs();
  const loaded = await database.load(key);
  if (loaded === null) {
    await store.delete(key);
    return false;
  }
  const entry = entryOf(context, key, loaded, clock.nowMs() - startedMs);
  return store.set(entry, { keepMs: ttlMs, ...conditions });
}

/**
 * The store as readers of versioned writes use it: every fill is a comparison, so that what was loaded before a write
 * never replaces what came after it.
 */
export function fillsNothingOlder(store: Store): Store {
  return delegateTo(store, {
    set: (entry, options) => store.set(entry, options.fill ? { ...options, ifNotOlder: true } : options),
  });
}
