/**
 * A store in this process's memory with exactly the semantics of the Redis store, judged by the given clock, so that
 * defences run in unit tests and in virtual time. An optional delay stands for the network in between.
 */
import { z } from 'zod';
import { defineStore } from '../../harness/contract/store-kind.ts';
import { STORE_CAPABILITIES } from '../../harness/contract/store.ts';
import type {
  DeleteOptions,
  Entry,
  InvalidationListener,
  LeaseAnswer,
  SetOptions,
  Store,
} from '../../harness/contract/store.ts';
import type { Clock } from '../../harness/contract/time.ts';

interface Kept<V> {
  value: V;
  /** Physical end, epoch ms. */
  untilMs: number;
}

/**
 * Makes an empty store.
 *
 * @param options `delayMs`: one round trip, half before the operation and half after it; default 0
 */
export function createMemoryStore(clock: Clock, options: { delayMs?: number } = {}): Store {
  const entries = new Map<string, Kept<Entry<unknown>>>();
  const locks = new Map<string, Kept<string>>();
  const leases = new Map<string, Kept<string>>();
  /** Versions that deletes have left behind. */
  const tombstones = new Map<string, Kept<number>>();
  const listeners = new Set<InvalidationListener>();
  const trackers = new Set<InvalidationListener>();
  const halfMs = (options.delayMs ?? 0) / 2;

  function held<V>(map: Map<string, Kept<V>>, key: string): V | null {
    const kept = map.get(key);
    if (!kept) return null;
    if (clock.nowMs() < kept.untilMs) return kept.value;
    map.delete(key);
    return null;
  }

  async function overNetwork<R>(operation: () => R): Promise<R> {
    await clock.sleep(halfMs);
    const result = operation();
    await clock.sleep(halfMs);
    return result;
  }
  function roundTrip<R>(operation: () => R): Promise<R> {
    return halfMs > 0 ? overNetwork(operation) : new Promise((resolve) => resolve(operation()));
  }

  function changed(key: string): void {
    for (const tracker of trackers) tracker.invalidated(key);
  }

  function maySet(entry: Entry<unknown>, set: SetOptions): boolean {
    if (set.whileLockToken !== undefined && held(locks, entry.key) !== set.whileLockToken) return false;
    if (set.whileLeaseToken !== undefined && held(leases, entry.key) !== set.whileLeaseToken) return false;
    if (set.ifNewer && (held(tombstones, entry.key) ?? -Infinity) >= entry.version) return false;
    if (set.ifNotOlder && (held(tombstones, entry.key) ?? -Infinity) > entry.version) return false;
    const there = held(entries, entry.key);
    if (there === null) return true;
    if (set.ifNotOlder && there.version > entry.version) return false;
    if (set.ifAbsent) return false;
    if (set.ifNewer && there.version >= entry.version) return false;
    return set.ifExpiredAtMs === undefined || there.expiresAtMs <= set.ifExpiredAtMs;
  }

  return {
    id: 'memory',
    capabilities: new Set(STORE_CAPABILITIES),
    get: <T>(key: string) => roundTrip(() => held(entries, key) as Entry<T> | null),
    set: (entry, set) =>
      roundTrip(() => {
        if (!maySet(entry, set)) return false;
        if (set.whileLeaseToken !== undefined) leases.delete(entry.key);
        tombstones.delete(entry.key);
        entries.set(entry.key, { value: entry, untilMs: clock.nowMs() + set.keepMs });
        changed(entry.key);
        return true;
      }),
    delete: (key, { tombstone }: DeleteOptions = {}) =>
      roundTrip(() => {
        const version = Math.max(held(entries, key)?.version ?? 0, held(tombstones, key) ?? 0, tombstone?.version ?? 0);
        if (entries.delete(key)) changed(key);
        locks.delete(key);
        leases.delete(key);
        if (tombstone) tombstones.set(key, { value: version, untilMs: clock.nowMs() + tombstone.keepMs });
      }),
    lock: (key, token, ttlMs) =>
      roundTrip(() => {
        if (held(locks, key) !== null) return false;
        locks.set(key, { value: token, untilMs: clock.nowMs() + ttlMs });
        return true;
      }),
    unlock: (key, token) => roundTrip(() => held(locks, key) === token && locks.delete(key)),
    lease: <T>(key: string, token: string, leaseMs: number, nowMs: number) =>
      roundTrip((): LeaseAnswer<T> => {
        const entry = held(entries, key) as Entry<T> | null;
        if ((entry !== null && nowMs < entry.expiresAtMs) || held(leases, key) !== null)
          return { entry, granted: false };
        leases.set(key, { value: token, untilMs: clock.nowMs() + leaseMs });
        return { entry, granted: true };
      }),
    endLease: (key, token) => roundTrip(() => held(leases, key) === token && leases.delete(key)),
    subscribe: (listener) =>
      roundTrip(() => {
        listeners.add(listener);
        return { close: async () => void listeners.delete(listener) };
      }),
    announce: (key) =>
      roundTrip(() => {
        for (const listener of listeners) listener.invalidated(key);
      }),
    track: (listener) =>
      roundTrip(() => {
        trackers.add(listener);
        return { close: async () => void trackers.delete(listener) };
      }),
  };
}

export default defineStore({
  id: 'memory',
  title: 'Memory of each instance',
  prose:
    'Every instance keeps its own values in its own process. No network and no server that could fail, but each ' +
    'instance loads for itself, an invalidation is heard by the instance that made it alone, and a restart empties it. ' +
    'Nothing bounds its size. Right for small, slow-changing values; beside Redis it is a tier, see two-tier.',
  source: 'The in-process cache of every application server; compare the two-tier defence.',
  capabilities: new Set(['get', 'set', 'delete', 'lock', 'lease', 'tombstone', 'not-older']),
  parameters: z.object({}),
  open: ({ clock }) => Promise.resolve({ store: createMemoryStore(clock), close: () => Promise.resolve() }),
});
