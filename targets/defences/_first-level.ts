/**
 * The copies that one process keeps of entries in a shared cache. A copy is kept only when nothing was heard of its
 * key from before it was asked for until it came: a placeholder stands for what is under way, and an invalidation
 * takes the placeholder away. Nothing is kept, or served, while invalidations may be missed.
 */
import type { Entry, InvalidationListener } from '../../harness/contract/store.ts';
import type { Clock, Random } from '../../harness/contract/time.ts';
import { createBoundedMap, type Eviction } from '../stores/_bounded-map.ts';

interface Copy {
  entry: Entry<unknown>;
  untilMs: number;
}

/** Stands for an entry that is being read or written. */
type Placeholder = symbol;

export interface FirstLevel {
  /** Told of invalidations; from `lost` until `restored` the level is empty and stays so. */
  readonly listener: Required<InvalidationListener>;
  get<T>(key: string): Entry<T> | null;
  /** Reads from the shared cache, and keeps a copy where it may. */
  read<T>(key: string, fetch: () => Promise<Entry<T> | null>): Promise<Entry<T> | null>;
  /** Writes to the shared cache, and keeps a copy where it was stored. */
  write(entry: Entry<unknown>, store: () => Promise<boolean>): Promise<boolean>;
  forget(key: string): void;
}

export function createFirstLevel(options: {
  clock: Clock;
  random: Random;
  maxEntries: number;
  ttlMs: number;
  eviction: Eviction;
}): FirstLevel {
  const { clock, ttlMs } = options;
  const copies = createBoundedMap<Copy>(options);
  const underWay = new Map<string, Placeholder>();
  let listening = false;

  function forget(key: string): void {
    underWay.delete(key);
    copies.delete(key);
  }

  function drop(): void {
    underWay.clear();
    copies.clear();
  }

  /** Keeps the entry where its placeholder still stands. */
  function keep(key: string, mine: Placeholder | null, entry: Entry<unknown> | null): void {
    if (mine === null || underWay.get(key) !== mine) return;
    underWay.delete(key);
    // What is past its TTL changes next: it is looked up, so that the new value is seen at once.
    const nowMs = clock.nowMs();
    if (!listening || entry === null || entry.key !== key || nowMs >= entry.expiresAtMs) return;
    copies.set(key, { entry, untilMs: Math.min(nowMs + ttlMs, entry.expiresAtMs) });
  }

  function begin(key: string, writes: boolean): Placeholder | null {
    // Of many reads the first keeps a copy; a write comes before every read that began earlier or begins meanwhile.
    if (!listening || (!writes && underWay.has(key))) return null;
    const mine = Symbol(key);
    underWay.set(key, mine);
    return mine;
  }

  function abandon(key: string, mine: Placeholder | null): void {
    if (mine !== null && underWay.get(key) === mine) underWay.delete(key);
  }

  return {
    listener: {
      invalidated: forget,
      lost() {
        listening = false;
        drop();
      },
      restored() {
        drop();
        listening = true;
      },
    },
    get<T>(key: string) {
      const copy = copies.get(key);
      if (!copy) return null;
      if (clock.nowMs() < copy.untilMs) return copy.entry as Entry<T>;
      copies.delete(key);
      return null;
    },
    async read(key, fetch) {
      const mine = begin(key, false);
      try {
        const entry = await fetch();
        keep(key, mine, entry);
        return entry;
      } catch (error) {
        abandon(key, mine);
        throw error;
      }
    },
    async write(entry, store) {
      const { key } = entry;
      copies.delete(key);
      const mine = begin(key, true);
      try {
        const stored = await store();
        keep(key, mine, stored ? entry : null);
        return stored;
      } catch (error) {
        abandon(key, mine);
        throw error;
      }
    },
    forget,
  };
}
