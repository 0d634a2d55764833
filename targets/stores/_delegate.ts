/**
 * A store that passes everything on to another one, but for what is changed: what a tier is made of, and what stands
 * in tests for a store that breaks. Optional methods stay absent where the inner store lacks them.
 */
import type { Store } from '../../harness/contract/store.ts';

/** Passes on to `inner`, except for `changes`. */
export function delegateTo(inner: Store, changes: Partial<Store>): Store {
  const { lease, endLease, subscribe, announce, track } = inner;
  return {
    id: inner.id,
    capabilities: inner.capabilities,
    get: (key) => inner.get(key),
    set: (entry, options) => inner.set(entry, options),
    delete: (key, options) => inner.delete(key, options),
    lock: (key, token, ttlMs) => inner.lock(key, token, ttlMs),
    unlock: (key, token) => inner.unlock(key, token),
    ...(lease && { lease: (key, token, leaseMs, nowMs) => inner.lease!(key, token, leaseMs, nowMs) }),
    ...(endLease && { endLease: (key, token) => inner.endLease!(key, token) }),
    ...(subscribe && { subscribe: (listener) => inner.subscribe!(listener) }),
    ...(announce && { announce: (key) => inner.announce!(key) }),
    ...(track && { track: (listener) => inner.track!(listener) }),
    ...changes,
  };
}
