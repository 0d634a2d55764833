/**
 * Values under names that carry their version, and a pointer to the one that counts. Nothing is overwritten: an
 * invalidation only buries the pointer, so that readers are routed around the old version, and a load that began
 * before it cannot point back.
 */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import type { Entry, LeaseAnswer, SetOptions, Store } from '../../harness/contract/store.ts';
import { delegateTo } from '../stores/_delegate.ts';

/** What a pointer holds in place of a value. */
const POINTER = null;
/** A pointer that is renewed is locked for this long at most, ms. */
const RENEWAL_MS = 1_000;

export default defineDefence({
  id: 'versioned-key',
  layer: 'tier',
  title: 'Versioned keys',
  prose:
    'Each value lives under its key and the version of its database row; a pointer says which version counts. A write ' +
    'never changes a stored value, and moves the pointer only forwards: an invalidation leaves the version it saw as a ' +
    'tombstone, so a slow load of the old row may still store its value, but nobody is led to it. Readers that ' +
    'already hold the pointer finish with a whole, old value. Each read costs one operation more, and old versions ' +
    'stay in memory until their time is over. Where nothing was cached at the moment of the invalidation there is no ' +
    'version to bury, and a load that began before the write still gets through; and a version that does not grow ' +
    'with each write makes it serve old values for good.',
  source: 'Key-based cache expiration (Hansson 2012); versioned keys in Memcached practice.',
  parameters: z.object({
    tombstoneMs: z
      .number()
      .positive()
      .default(30_000)
      .describe('How long after an invalidation older versions are refused; longer than the slowest load, ms'),
  }),
  needs: ['get', 'set', 'delete', 'lock', 'tombstone'],
  create({ random, instance, parameters: { tombstoneMs } }) {
    let tokens = 0;
    const nameOf = (key: string, version: number): string => `${key}@${version}`;
    return {
      over(store: Store): Store {
        /** The value that a pointer leads to, under its logical key. */
        async function follow<T>(key: string, pointer: Entry<unknown> | null): Promise<Entry<T> | null> {
          // An entry of another key is the reader's to judge, and a marker points nowhere.
          if (pointer === null || pointer.key !== key || pointer.absent) return pointer as Entry<T> | null;
          const name = nameOf(key, pointer.version);
          const found = await store.get<T>(name);
          return found?.key === name ? { ...found, key } : found;
        }

        /** Moves the pointer forwards, or only renews it where it stands at this version already. */
        async function point(entry: Entry<unknown>, options: SetOptions): Promise<boolean> {
          const pointer = { ...entry, value: POINTER };
          if (await store.set(pointer, { ...options, ifNewer: true })) return true;
          if (options.ifNewer || options.ifAbsent) return false;
          // A delete voids locks and leases: a renewal under one of them cannot undo an invalidation.
          if (options.whileLockToken !== undefined || options.whileLeaseToken !== undefined)
            return renew(pointer, options);
          const token = `${instance}:pointer:${(tokens += 1)}:${random.next().toString(36).slice(2)}`;
          if (!(await store.lock(entry.key, token, RENEWAL_MS))) return false;
          try {
            return await renew(pointer, { ...options, whileLockToken: token });
          } finally {
            // A lock that cannot be given back runs out by itself.
            void store.unlock(entry.key, token).catch(() => false);
          }
        }

        async function renew(pointer: Entry<unknown>, options: SetOptions): Promise<boolean> {
          const there = await store.get(pointer.key);
          return there?.version === pointer.version && store.set(pointer, options);
        }

        return delegateTo(store, {
          get: async <T>(key: string) => follow<T>(key, await store.get(key)),
          async set(entry, options) {
            if (entry.absent) return store.set(entry, options);
            const { keepMs, fill } = options;
            await store.set({ ...entry, key: nameOf(entry.key, entry.version) }, { keepMs, ...(fill && { fill }) });
            return point(entry, options);
          },
          async delete(key, options) {
            const pointer = options?.tombstone ? null : await store.get(key);
            const seen = pointer && !pointer.absent ? { version: pointer.version, keepMs: tombstoneMs } : null;
            await store.delete(key, options ?? (seen ? { tombstone: seen } : {}));
          },
          ...(store.lease && {
            async lease<T>(key: string, token: string, leaseMs: number, nowMs: number): Promise<LeaseAnswer<T>> {
              const { entry, granted } = await store.lease!<unknown>(key, token, leaseMs, nowMs);
              return { entry: await follow<T>(key, entry), granted };
            },
          }),
        });
      },
    };
  },
});
