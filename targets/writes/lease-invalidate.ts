/** A delete voids the right to fill: whoever loaded before the write may answer with it, but not store it. */
import { z } from 'zod';
import type { Store } from '../../harness/contract/store.ts';
import { defineWriteStrategy } from '../../harness/contract/write.ts';
import { delegateTo } from '../stores/_delegate.ts';
import { nothingQueued, tellCache } from './_tell-cache.ts';

const parameters = z.object({
  leaseMs: z
    .int()
    .min(1)
    .max(600_000)
    .default(10_000)
    .describe('how long one lease is good for, at most one per key: longer than a load'),
});

/** A lease that this process holds. */
interface Held {
  token: string;
  /** When the process knew of it: loads that began later began under it. */
  sinceMs: number;
}

export default defineWriteStrategy({
  id: 'lease-invalidate',
  title: 'Database, then a delete that voids leases',
  prose:
    'A reader that misses is given a lease with the miss, and may fill only with it. A delete after the write voids the ' +
    'lease, so that a value loaded before the write is refused however late it comes. One lease per key at a time: of ' +
    'several readers that miss together one fills, and the others only answer; to make them wait for it, add the ' +
    'read-side defence `lease`. Needs no version in the row. A load that takes longer than the lease stores nothing. ' +
    'When the cache is away at the moment of the delete the lease is not voided, and the old value stays until its TTL ' +
    'ends.',
  source: 'Nishtala et al.: Scaling Memcache at Facebook, NSDI 2013, section 3.2.1.',
  parameters,
  needs: ['delete', 'lease'],
  readerStore(store, { clock, instance, parameters: { leaseMs } }) {
    const held = new Map<string, Held>();
    let leases = 0;

    /** The lease under which this load was begun. */
    function leaseOf(key: string, loadStartedMs: number): Held | null {
      const own = held.get(key);
      return own !== undefined && own.sinceMs <= loadStartedMs ? own : null;
    }

    const changes: Partial<Store> = {
      async get<T>(key: string) {
        const token = `${instance}/${(leases += 1)}`;
        const { entry, granted } = await store.lease!<T>(key, token, leaseMs, clock.nowMs());
        if (granted) held.set(key, { token, sinceMs: clock.nowMs() });
        return entry;
      },
      async set(entry, options) {
        // What is written on purpose, or under a lease of the reader's own, needs none of ours.
        if (!options.fill || options.whileLeaseToken !== undefined) return store.set(entry, options);
        const lease = leaseOf(entry.key, entry.storedAtMs - entry.recomputeMs);
        if (lease === null) return false;
        if (held.get(entry.key) === lease) held.delete(entry.key);
        return store.set(entry, { ...options, whileLeaseToken: lease.token });
      },
      async lease(key, token, ms, nowMs) {
        // A layer that asks for a lease itself must not find ours in its way.
        const own = held.get(key);
        held.delete(key);
        if (own !== undefined) await store.endLease?.(key, own.token);
        return store.lease!(key, token, ms, nowMs);
      },
    };
    return delegateTo(store, changes);
  },
  create: ({ database, invalidate, log }) =>
    Promise.resolve({
      ...nothingQueued,
      async write(request) {
        const written = await database.write(request);
        if (written === null) return null;
        const cacheTold = await tellCache(log, request.key, invalidate(request.key));
        return { version: written.version, cacheTold };
      },
    }),
});
