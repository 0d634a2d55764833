/** A small cache in each process in front of the shared one, kept true by invalidations from the shared one. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import { HarnessError, messageOf } from '../../harness/contract/errors.ts';
import type { Store, Subscription } from '../../harness/contract/store.ts';
import { EVICTIONS } from '../stores/_bounded-map.ts';
import { delegateTo } from '../stores/_delegate.ts';
import { createFirstLevel } from './_first-level.ts';

/** Pause between two attempts to listen to a cache that was away at the start, ms. */
const LISTEN_AGAIN_MS = 250;

export default defineDefence({
  id: 'two-tier',
  layer: 'tier',
  title: 'Two tiers: memory before Redis',
  prose:
    'Each instance keeps copies of what it reads, bounded in number and with a short TTL of their own, and looks there ' +
    'first: reads of hot keys cost no operation on Redis at all. Copies are kept true by invalidations, either ' +
    'announced over pub/sub by whoever changes an entry (pub-sub), or told by Redis itself for every key that is ' +
    'written, deleted, expired or evicted (client-tracking: nobody can forget to announce, at the price of hearing of ' +
    'every fill, one’s own included). With none only the TTL of the copies bounds their age. While the channel is ' +
    'lost nothing is kept. An invalidation needs time to arrive: until then other instances serve the old value, ' +
    'which a single tier never does. It does nothing for the expiry itself: all instances still miss together.',
  source: 'Redis documentation, Client-side caching in Redis; near cache of Hazelcast and Coherence.',
  parameters: z.object({
    maxEntries: z.number().int().positive().default(1_000).describe('Copies that one instance keeps at most'),
    ttlMs: z
      .number()
      .positive()
      .default(5_000)
      .describe('TTL of a copy, never beyond that of its entry: how old it may get when an invalidation is missed, ms'),
    eviction: z.enum(EVICTIONS).default('lru').describe('Which copy goes when there is no room'),
    invalidation: z
      .enum(['pub-sub', 'client-tracking', 'none'])
      .default('pub-sub')
      .describe('How an instance hears that its copy is no longer true'),
  }),
  needs: ['get', 'set', 'delete', 'subscribe'],
  create({ store: shared, clock, random, log, parameters }) {
    const { invalidation } = parameters;
    const level = createFirstLevel({ clock, random, ...parameters });
    if (invalidation === 'none') level.listener.restored();
    if (invalidation === 'client-tracking' && !shared.capabilities.has('track'))
      throw new HarnessError('BAD_PLAN', `two-tier needs 'track', which the store ${shared.id} lacks`, {
        hint: 'choose invalidation=pub-sub',
      });

    const closing = new AbortController();
    let subscription: Subscription | null = null;

    async function listen(): Promise<boolean> {
      try {
        const { listener } = level;
        const opened = await (invalidation === 'pub-sub' ? shared.subscribe!(listener) : shared.track!(listener));
        if (closing.signal.aborted) await opened.close();
        else {
          subscription = opened;
          level.listener.restored();
        }
        return true;
      } catch (error) {
        log.warn(`two-tier keeps no copies, since it cannot hear of invalidations yet: ${messageOf(error)}`);
        return false;
      }
    }

    async function listenLater(): Promise<void> {
      while (!closing.signal.aborted) {
        await clock.sleep(LISTEN_AGAIN_MS, closing.signal);
        if (await listen()) return;
      }
    }

    return {
      async start() {
        if (invalidation === 'none' || (await listen())) return;
        listenLater().catch(() => {}); // Only the end of the instance ends it.
      },
      async close() {
        closing.abort();
        level.listener.lost();
        await subscription?.close();
      },
      over(store: Store): Store {
        const tell = async (key: string): Promise<void> => {
          if (invalidation === 'pub-sub') await store.announce!(key);
        };
        return delegateTo(store, {
          get: async <T>(key: string) => level.get<T>(key) ?? level.read<T>(key, () => store.get<T>(key)),
          async set(entry, options) {
            const stored = await level.write(entry, () => store.set(entry, options));
            // A fill changes nothing that others hold; a write does.
            if (stored && !options.fill) await tell(entry.key);
            return stored;
          },
          async delete(key, options) {
            level.forget(key);
            await store.delete(key, options);
            // Whoever asked between the two may have the old value.
            level.forget(key);
            await tell(key);
          },
          lock(key, token, ttlMs) {
            // Whoever wants the lock looks again under it, and must not find its own old copy.
            level.forget(key);
            return store.lock(key, token, ttlMs);
          },
          ...(store.lease && {
            lease: <T>(key: string, token: string, leaseMs: number, nowMs: number) => {
              level.forget(key);
              return store.lease!<T>(key, token, leaseMs, nowMs);
            },
          }),
        });
      },
    };
  },
});
