/**
 * The surroundings of a conformance case: a clock, a store that can be taken away, and a database with rows, a cost
 * and moods. In virtual time by default; the integration tests put the real clock and a real Redis in their place.
 */
import type { Loaded } from '../../harness/contract/defence.ts';
import type { InvalidationListener, Store, Subscription } from '../../harness/contract/store.ts';
import type { Clock } from '../../harness/contract/time.ts';
import { createVirtualClock } from '../../harness/kit/virtual-clock.ts';
import { delegateTo } from '../stores/_delegate.ts';
import { createMemoryStore } from '../stores/memory.ts';

/** Where and when the cases happen. */
export interface World extends AsyncDisposable {
  clock: Clock;
  /** Empty, and shared by all instances. */
  store: Store;
  /** Lets time pass until the work has settled. */
  finish<T>(work: Promise<T>): Promise<T>;
  /** How long one load takes, ms. */
  recomputeMs: number;
  /** Base TTL of the values, ms; much longer than a load. */
  ttlMs: number;
}

/** One round trip to the cache in virtual time, ms. */
const NETWORK_MS = 0.2;

/** Virtual time and the memory store: an hour takes no time, and every repetition is the same. */
export async function openVirtualWorld(): Promise<World> {
  const clock = createVirtualClock();
  return {
    clock,
    store: createMemoryStore(clock, { delayMs: NETWORK_MS }),
    finish: (work) => clock.finish(work),
    recomputeMs: 100,
    ttlMs: 10_000,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A row as the database holds it; it names its key, so that mixed-up answers are seen. */
export interface Row {
  key: string;
  text: string;
}

export type Mood = 'works' | 'fails' | 'hangs' | 'deaf';

export interface Database {
  /** `hangs` listens to the signal of its caller, `deaf` does not. */
  mood: Mood;
  recomputeMs: number;
  /** Loads begun so far. */
  loads: number;
  put(key: string, version: number): void;
  keys(): AsyncIterable<string>;
  remove(key: string): void;
  load(key: string, signal?: AbortSignal): Promise<Loaded<Row> | null>;
}

export const DATABASE_ERROR = 'the database is on fire';

export function rowOf(key: string, version: number): Row {
  return { key, text: `version ${version} of ${key}` };
}

/** A database whose loads see the rows as they were when the load began. */
export function createDatabase(clock: Clock, recomputeMs: number): Database {
  const versions = new Map<string, number>();
  const database: Database = {
    mood: 'works',
    recomputeMs,
    loads: 0,
    put: (key, version) => void versions.set(key, version),
    async *keys() {
      yield* versions.keys();
    },
    remove: (key) => void versions.delete(key),
    async load(key, signal) {
      database.loads += 1;
      const version = versions.get(key);
      if (database.mood === 'hangs') await clock.sleep(3_600_000, signal);
      if (database.mood === 'deaf') return new Promise<never>(() => {});
      await clock.sleep(database.recomputeMs);
      if (database.mood === 'fails') throw new Error(DATABASE_ERROR);
      return version === undefined ? null : { value: rowOf(key, version), version };
    },
  };
  return database;
}

/** A store that can be away: every operation then takes `timeoutMs` and rejects, and nobody hears of invalidations. */
export interface BreakableStore extends Store {
  away: boolean;
}

export function createBreakableStore(store: Store, clock: Clock, timeoutMs: number): BreakableStore {
  let away = false;
  const listeners = new Set<InvalidationListener>();

  async function through<R>(operation: () => Promise<R>): Promise<R> {
    if (!away) return operation();
    await clock.sleep(timeoutMs);
    throw new Error('Command timed out');
  }

  /** Listens through a channel that breaks with the store. */
  async function listen(
    open: (listener: InvalidationListener) => Promise<Subscription>,
    listener: InvalidationListener,
  ): Promise<Subscription> {
    const opened = await through(() =>
      open({
        ...listener,
        invalidated: (key) => {
          if (!away) listener.invalidated(key);
        },
      }),
    );
    listeners.add(listener);
    return {
      async close() {
        listeners.delete(listener);
        await opened.close();
      },
    };
  }

  const { lease, endLease, announce, subscribe, track } = store;
  const passing = delegateTo(store, {
    get: (key) => through(() => store.get(key)),
    set: (entry, options) => through(() => store.set(entry, options)),
    delete: (key, options) => through(() => store.delete(key, options)),
    lock: (key, token, ttlMs) => through(() => store.lock(key, token, ttlMs)),
    unlock: (key, token) => through(() => store.unlock(key, token)),
    ...(lease && { lease: (key, token, leaseMs, nowMs) => through(() => store.lease!(key, token, leaseMs, nowMs)) }),
    ...(endLease && { endLease: (key, token) => through(() => store.endLease!(key, token)) }),
    ...(announce && { announce: (key) => through(() => store.announce!(key)) }),
    ...(subscribe && { subscribe: (listener) => listen((through) => store.subscribe!(through), listener) }),
    ...(track && { track: (listener) => listen((through) => store.track!(through), listener) }),
  });
  return Object.defineProperty(passing as BreakableStore, 'away', {
    enumerable: true,
    get: () => away,
    set(now: boolean) {
      if (now === away) return;
      away = now;
      for (const listener of listeners) {
        if (away) listener.lost();
        else listener.restored?.();
      }
    },
  });
}
