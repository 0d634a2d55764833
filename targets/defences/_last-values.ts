/** The values that this process has last seen, bounded in number: what is left to serve when cache and database are away. */
import type { Entry } from '../../harness/contract/store.ts';

export interface LastValues {
  keep(entry: Entry<unknown>): void;
  get(key: string): Entry<unknown> | null;
  forget(key: string): void;
}

/**
 * @param most values; the one not seen for longest goes first
 */
export function createLastValues(most: number): LastValues {
  const values = new Map<string, Entry<unknown>>();
  return {
    keep(entry) {
      const kept = values.get(entry.key);
      if (kept && kept.version > entry.version) return;
      values.delete(entry.key);
      values.set(entry.key, entry);
      if (values.size > most) values.delete(values.keys().next().value!);
    },
    get: (key) => values.get(key) ?? null,
    forget: (key) => void values.delete(key),
  };
}
