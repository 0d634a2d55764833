/**
 * Copies of a hot key under several names, so that the nodes of a sharded cache share its reads. The copy under the
 * key's own name is the truth: locks, leases and versions are judged there, it is deleted first, and a rebuild that
 * finds it gone when it is done takes its other copies back.
 */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import type { Entry, SetOptions, Store } from '../../harness/contract/store.ts';
import { delegateTo } from '../stores/_delegate.ts';

export default defineDefence({
  id: 'fan-out',
  layer: 'tier',
  title: 'Key fan-out',
  prose:
    'A hot key lives under R names, a reader picks one at random: behind a sharded cache its reads are spread over up ' +
    'to R nodes instead of burning one of them. One rebuild fills all R, an invalidation deletes all R. It costs R ' +
    'times the memory, R + 1 operations per rebuild and R per invalidation, so name the hot keys; and it does nothing ' +
    'against a stampede, nor on a single node. A reader that finds no copy (evicted, or its node is away) asks for ' +
    'the first one. While an invalidation is under way some readers still see a copy that is not deleted yet, and one ' +
    'that fails in the middle leaves old copies behind until their TTL ends.',
  source: 'AWS, Amazon ElastiCache best practices for hot keys; "key splitting", "hot key replication".',
  parameters: z.object({
    copies: z.number().int().min(2).max(64).default(8).describe('R: names of a hot key, its own included'),
    keys: z
      .string()
      .default('')
      .describe('Keys that are fanned out, separated by commas, for example product:0; empty for every key'),
  }),
  needs: ['get', 'set', 'delete'],
  create({ random, parameters: { copies, keys } }) {
    const hot = new Set(keys.split(',').flatMap((key) => key.trim() || []));
    const isHot = (key: string): boolean => hot.size === 0 || hot.has(key);
    const copyOf = (key: string, copy: number): string => (copy === 0 ? key : `${key}#${copy}`);
    const others = Array.from({ length: copies - 1 }, (_, i) => i + 1);

    return {
      over(store: Store): Store {
        /** The other copies follow the first one, which has been stored. One that cannot be filled is not there. */
        async function fillOthers(entry: Entry<unknown>, { keepMs, ifNewer, fill }: SetOptions): Promise<void> {
          const options = { keepMs, ...(ifNewer && { ifNewer }), ...(fill && { fill }) };
          await Promise.allSettled(
            others.map((copy) => store.set({ ...entry, key: copyOf(entry.key, copy) }, options)),
          );
          const first = await store.get(entry.key).catch(() => null);
          // An invalidation or another rebuild came in between: these copies may be older than it.
          const stands = first?.version === entry.version && first.storedAtMs === entry.storedAtMs;
          if (!stands) await deleteOthers(entry.key);
        }

        async function deleteOthers(key: string, options?: Parameters<Store['delete']>[1]): Promise<void> {
          const deletes = others.map((copy) => store.delete(copyOf(key, copy), options));
          const failed = (await Promise.allSettled(deletes)).find((one) => one.status === 'rejected');
          if (failed) throw failed.reason;
        }

        return delegateTo(store, {
          async get<T>(key: string): Promise<Entry<T> | null> {
            const name = isHot(key) ? copyOf(key, Math.floor(random.next() * copies)) : key;
            if (name === key) return store.get<T>(key);
            // A node that is away takes one copy with it, not the key.
            const found = await store.get<T>(name).catch(() => null);
            if (found === null) return store.get<T>(key);
            return found.key === name ? { ...found, key } : found;
          },
          async set(entry, options) {
            const stored = await store.set(entry, options);
            if (stored && isHot(entry.key)) await fillOthers(entry, options);
            return stored;
          },
          async delete(key, options) {
            // The first copy goes first, and alone: a rebuild under way looks there when it is done.
            await store.delete(key, options);
            if (isHot(key)) await deleteOthers(key, options);
          },
        });
      },
    };
  },
});
