/** The write answers only when both have the new value: first the database, then the cache, by version. */
import { z } from 'zod';
import { defineWriteStrategy } from '../../harness/contract/write.ts';
import { fillsNothingOlder, loadAndSet } from './_entry.ts';
import { nothingQueued, tellCache } from './_tell-cache.ts';

export default defineWriteStrategy({
  id: 'write-through',
  title: 'Through to the database, then set by version',
  prose:
    'The row is changed, its new value is loaded and stored in the cache where what is there is older, and only then ' +
    'is the write answered: whoever was answered finds the new value, and readers never miss because of a write. The ' +
    'writer pays for a load. Where the value cannot be loaded or stored, a tombstone of its version is tried, so that ' +
    'readers load it themselves. When the cache is away altogether, the old value is served until its TTL ends, and ' +
    'the answer says that the cache was not told. Until the value is set, readers still see the old one: the write was ' +
    'not answered yet.',
  source: 'Oracle Coherence documentation, "Read-Through, Write-Through, Write-Behind and Refresh-Ahead Caching".',
  parameters: z.object({
    tombstoneMs: z
      .int()
      .min(1)
      .max(86_400_000)
      .default(60_000)
      .describe('how long the tombstone of a value that could not be set refuses older ones'),
  }),
  needs: ['set', 'delete', 'tombstone', 'not-older'],
  readerStore: fillsNothingOlder,
  create(context) {
    const { database, invalidate, log, parameters } = context;

    async function tell(key: string, version: number): Promise<void> {
      try {
        // Not stored means that something newer is there: as good.
        await loadAndSet(context, key, { ifNotOlder: true });
      } catch (error) {
        await invalidate(key, { tombstone: { version, keepMs: parameters.tombstoneMs } });
        throw error;
      }
    }
    return Promise.resolve({
      ...nothingQueued,
      async write(request) {
        const written = await database.write(request);
        if (written === null) return null;
        const told = tell(request.key, written.version);
        return { version: written.version, cacheTold: await tellCache(log, request.key, told) };
      },
    });
  },
});
