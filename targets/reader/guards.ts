/**
 * What guards see and say, in one place: how the cache is doing, whether it may be asked, and what may be served where
 * a load is refused. The store is watched where it is reached, behind all tiers, so that hits in this process's own
 * memory are not taken for a healthy Redis.
 */
import type { GuardLayer } from '../../harness/contract/defence.ts';
import { HarnessError } from '../../harness/contract/errors.ts';
import type { Entry, Store } from '../../harness/contract/store.ts';
import type { Clock } from '../../harness/contract/time.ts';

/** One for all, because making an error for every refused read costs more than the read. */
const NOT_ASKED = new HarnessError('SHED', 'the cache is not asked: its breaker is open');

/**
 * A store that tells guards how each operation went, and asks them before each that reads or fills. Deletes and
 * announcements always go through: an invalidation that is kept back is a stale value.
 *
 * @param guards filled later than the store is made
 */
export function watchStore(store: Store, guards: () => readonly GuardLayer[], clock: Clock): Store {
  async function toldToGuards<R>(operation: () => Promise<R>): Promise<R> {
    const startedAtMs = clock.nowMs();
    try {
      const result = await operation();
      for (const guard of guards()) guard.cacheAnswered?.(clock.nowMs() - startedAtMs);
      return result;
    } catch (error) {
      for (const guard of guards()) guard.cacheFailed?.(error, clock.nowMs() - startedAtMs);
      throw error;
    }
  }
  // Without guards, which is most of the time, nothing stands in between.
  function watched<R>(operation: () => Promise<R>): Promise<R> {
    return guards().length === 0 ? operation() : toldToGuards(operation);
  }
  function guarded<R>(operation: () => Promise<R>): Promise<R> {
    for (const guard of guards()) if (guard.mayAskCache?.() === false) return Promise.reject(NOT_ASKED);
    return watched(operation);
  }
  return {
    ...store,
    get: (key) => guarded(() => store.get(key)),
    set: (entry, options) => guarded(() => store.set(entry, options)),
    delete: (key, options) => watched(() => store.delete(key, options)),
    unlock: (key, token) => watched(() => store.unlock(key, token)),
    lock: (key, token, ttlMs) => guarded(() => store.lock(key, token, ttlMs)),
    ...(store.lease && {
      lease: (key, token, leaseMs, nowMs) => guarded(() => store.lease!(key, token, leaseMs, nowMs)),
    }),
  };
}

/** What a guard still holds of a key; null where none does. */
export function lastSeen<T>(guards: readonly GuardLayer[], key: string): Entry<T> | null {
  for (const guard of guards) {
    const entry = guard.lastSeen?.(key);
    if (entry) return entry as Entry<T>;
  }
  return null;
}
