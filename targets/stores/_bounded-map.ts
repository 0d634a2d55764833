/**
 * A map that holds so many entries and no more, and the four ways to choose who must go. What keeps an in-process
 * tier, a history or a list of markers from eating the process.
 */
import type { Random } from '../../harness/contract/time.ts';

export const EVICTIONS = ['lru', 'lfu', 'fifo', 'random'] as const;
export type Eviction = (typeof EVICTIONS)[number];

export interface BoundedMap<V> {
  readonly size: number;
  /** A read, which `lru` and `lfu` remember. */
  get(key: string): V | undefined;
  /** Makes room where it must: at most `maxEntries` are held at any time. */
  set(key: string, value: V): void;
  delete(key: string): boolean;
  clear(): void;
}

interface Slot<V> {
  key: string;
  value: V;
  /** Reads and writes since it came, for `lfu`. */
  uses: number;
  /** Place in the list that `random` draws from. */
  at: number;
}

/**
 * Makes an empty map. Every operation takes constant time, but that `lfu` may walk over unused counts.
 *
 * @param options.eviction `lru`: the one used longest ago; `lfu`: the one used least, of those the oldest in use;
 *   `fifo`: the first that came; `random`: any
 */
export function createBoundedMap<V>(options: {
  maxEntries: number;
  eviction: Eviction;
  random: Random;
}): BoundedMap<V> {
  const { maxEntries, eviction, random } = options;
  /** In order of arrival; for `lru` in order of use. */
  const slots = new Map<string, Slot<V>>();
  /** For `random`. */
  const list: Slot<V>[] = [];
  /** For `lfu`: who was used how often, each in order of use. */
  const byUses = new Map<number, Set<Slot<V>>>();

  function unlink(slot: Slot<V>): void {
    const same = byUses.get(slot.uses);
    same?.delete(slot);
    if (same?.size === 0) byUses.delete(slot.uses);
  }

  function use(slot: Slot<V>): void {
    if (eviction === 'lru') {
      slots.delete(slot.key);
      slots.set(slot.key, slot);
    } else if (eviction === 'lfu') {
      unlink(slot);
      slot.uses += 1;
      const same = byUses.get(slot.uses);
      if (same) same.add(slot);
      else byUses.set(slot.uses, new Set([slot]));
    }
  }

  function remove(slot: Slot<V>): void {
    slots.delete(slot.key);
    if (eviction === 'lfu') unlink(slot);
    if (eviction !== 'random') return;
    const last = list.pop()!;
    if (last === slot) return;
    list[slot.at] = last;
    last.at = slot.at;
  }

  function victim(): Slot<V> {
    if (eviction === 'random') return list[Math.floor(random.next() * list.length)]!;
    if (eviction === 'lfu') {
      let least = Infinity;
      for (const uses of byUses.keys()) least = Math.min(least, uses);
      return byUses.get(least)!.values().next().value!;
    }
    return slots.values().next().value!;
  }

  return {
    get size() {
      return slots.size;
    },
    get(key) {
      const slot = slots.get(key);
      if (slot) use(slot);
      return slot?.value;
    },
    set(key, value) {
      const there = slots.get(key);
      if (there) {
        there.value = value;
        use(there);
        return;
      }
      if (slots.size >= maxEntries) remove(victim());
      const slot = { key, value, uses: 0, at: list.length };
      slots.set(key, slot);
      if (eviction === 'random') list.push(slot);
      use(slot);
    },
    delete(key) {
      const slot = slots.get(key);
      if (slot) remove(slot);
      return slot !== undefined;
    },
    clear() {
      slots.clear();
      list.length = 0;
      byUses.clear();
    },
  };
}
