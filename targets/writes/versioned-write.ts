/** Nothing older ever replaces something newer: each write leaves its version behind, and each fill is compared. */
import { z } from 'zod';
import { defineWriteStrategy } from '../../harness/contract/write.ts';
import { fillsNothingOlder, loadAndSet } from './_entry.ts';
import { nothingQueued, tellCache } from './_tell-cache.ts';

export default defineWriteStrategy({
  id: 'versioned-write',
  title: 'Database, then a versioned delete or set',
  prose:
    'Every value carries the version of its row. A write deletes the cached value and leaves its version as a ' +
    'tombstone, or sets the new value where what is there is older; a reader fills only where neither a value nor a ' +
    'tombstone is newer. Each is one script in the store, so a late reader or an overtaken writer is refused. Needs a ' +
    'version in the row. Its limit is memory: when neither the tombstone nor a newer value is there any more (the ' +
    'tombstone has ended, the store has lost its memory), a load that took even longer can still fill an old value.',
  source: 'Compare-and-set by version, as in Memcached\'s "gets" and "cas"; tombstones as in Apache Cassandra.',
  parameters: z.object({
    leave: z
      .enum(['tombstone', 'value'])
      .default('tombstone')
      .describe('what a write leaves in the cache: only its version, or the new value at the price of a load'),
    tombstoneMs: z
      .int()
      .min(1)
      .max(86_400_000)
      .default(60_000)
      .describe('how long a tombstone refuses older values: longer than the longest load'),
  }),
  needs: ['set', 'delete', 'tombstone', 'not-older'],
  readerStore: fillsNothingOlder,
  create(context) {
    const { database, invalidate, log, parameters } = context;
    const { leave, tombstoneMs } = parameters;

    async function tell(key: string, version: number): Promise<void> {
      // The tombstone first: whatever becomes of the load, nothing older is served from here on.
      await invalidate(key, { tombstone: { version, keepMs: tombstoneMs } });
      if (leave === 'value') await loadAndSet(context, key, { ifNewer: true });
    }
    return Promise.resolve({
      ...nothingQueued,
      async write(request) {
        const written = await database.write(request);
        if (written === null) return null;
        const cacheTold = await tellCache(log, request.key, tell(request.key, written.version));
        return { version: written.version, cacheTold };
      },
    });
  },
});
