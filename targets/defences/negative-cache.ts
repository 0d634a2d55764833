/** Remembers that a row does not exist, so that asking for what is not there does not reach the database each time. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import { delegateTo } from '../stores/_delegate.ts';

export default defineDefence({
  id: 'negative-cache',
  layer: 'tier',
  title: 'Negative caching',
  prose:
    'A load that finds no row stores an explicit marker with a short TTL of its own; until it ends, reads of the key ' +
    'are answered "absent" from the cache. The remedy for traffic on a few keys that do not exist: deleted products, ' +
    'broken links, a crawler. The invalidation that follows the creation of a row removes the marker. Where a load ' +
    'began before the row was created and fills after that invalidation, the new row is not seen until the marker ' +
    'ends; a lease or a lock closes that hole. Each instance keeps at most so many markers alive and stores none ' +
    'beyond that, so a scan of ever new keys cannot fill the cache, and is not defended either: see bloom-filter.',
  source: 'Negative caching of DNS, RFC 2308; "cache penetration".',
  parameters: z.object({
    absentTtlMs: z.number().positive().default(5_000).describe('How long a marker lives, ms'),
    maxMarkers: z
      .number()
      .int()
      .positive()
      .default(1_000)
      .describe('Markers that one instance keeps alive at a time; further absent keys are not remembered'),
  }),
  needs: ['get', 'set', 'delete'],
  create({ clock, parameters: { absentTtlMs, maxMarkers } }) {
    /** Ends of the markers that this instance has stored, epoch ms, in the order in which they end. */
    const ends = new Map<string, number>();
    return {
      absentTtlMs,
      over: (store) =>
        delegateTo(store, {
          async set(entry, options) {
            if (!entry.absent) {
              ends.delete(entry.key);
              return store.set(entry, options);
            }
            const nowMs = clock.nowMs();
            for (const [key, endMs] of ends) {
              if (endMs > nowMs) break;
              ends.delete(key);
            }
            if (!ends.has(entry.key) && ends.size >= maxMarkers) return false;
            ends.delete(entry.key);
            ends.set(entry.key, entry.expiresAtMs);
            return store.set(entry, options);
          },
          async delete(key, options) {
            await store.delete(key, options);
            ends.delete(key);
          },
        }),
    };
  },
});
