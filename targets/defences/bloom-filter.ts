/** Turns away reads of keys that cannot exist, before the cache and the database are asked. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import { messageOf } from '../../harness/contract/errors.ts';
import type { Subscription } from '../../harness/contract/store.ts';
import { type BloomFilter, createBloomFilter } from './_bloom.ts';

/** What a created key is announced and noted as. */
const CREATED = 'bloom-filter:';
/** Pause between two attempts to listen or to learn the keys, ms. */
const AGAIN_MS = 1_000;

export default defineDefence({
  id: 'bloom-filter',
  layer: 'admission',
  title: 'Bloom filter',
  prose:
    'Each instance holds a Bloom filter of all keys that exist, learned from the database at the start: 9.6 bits a key ' +
    'at 1 %. What it does not hold cannot exist and is answered "absent" at the price of one read of the cache; about ' +
    'one in a hundred absent keys passes. The remedy for scans of ever new keys, where negative caching would only ' +
    'fill up. It never turns an existing key away: until it is filled, and while it may have missed something, it ' +
    'admits everything; a created key is added here, noted in the cache and announced to all before its row becomes ' +
    'visible, and where that fails the creation must fail. Rows that are created behind its back, past the ' +
    'service, are not seen until the next rebuild. Deleted keys pass until then. With more keys than expected ever ' +
    'more absent ones pass.',
  source: 'Bloom: Space/Time Trade-offs in Hash Coding with Allowable Errors, CACM 1970; "cache penetration".',
  parameters: z.object({
    expectedKeys: z.number().int().positive().default(100_000).describe('n: keys that the filter is sized for'),
    errorRate: z.number().gt(0).lt(1).default(0.01).describe('p: share of absent keys that pass'),
    rebuildMs: z
      .number()
      .positive()
      .default(600_000)
      .describe('Pause between two readings of all keys from the database, ms'),
    noteMs: z
      .number()
      .positive()
      .default(3_600_000)
      .describe(
        'How long the note of a created key is kept for instances that did not hear of it; longer than a rebuild, ms',
      ),
  }),
  needs: ['get', 'set', 'delete', 'subscribe'],
  create({ store, clock, log, knownKeys, parameters }) {
    const { expectedKeys, errorRate, rebuildMs, noteMs } = parameters;
    let filter: BloomFilter | null = null;
    /** The next filter, while it is being filled; it hears of created keys as well. */
    let next: BloomFilter | null = null;
    let listening = false;
    const closing = new AbortController();
    let wakeUp = new AbortController();
    let subscription: Subscription | null = null;

    function add(key: string): void {
      filter?.add(key);
      next?.add(key);
    }

    const listener = {
      invalidated(name: string) {
        if (name.startsWith(CREATED)) add(name.slice(CREATED.length));
      },
      lost() {
        listening = false;
        filter = null;
        next = null;
      },
      restored() {
        listening = true;
        wakeUp.abort();
      },
    };

    /** Resolves to whether the filter is filled. */
    async function fill(): Promise<boolean> {
      const filling = createBloomFilter(expectedKeys, errorRate);
      next = filling;
      for await (const key of knownKeys!()) {
        if (next !== filling || closing.signal.aborted) return false;
        filling.add(key);
      }
      // Lost meanwhile: it may lack what was created since. Without any key there is nothing yet to be sure of.
      if (next !== filling || filling.added === 0) return false;
      filter = filling;
      next = null;
      if (filling.added > expectedKeys)
        log.warn(`bloom-filter holds ${filling.added} keys and was sized for ${expectedKeys}: more absent keys pass`);
      return true;
    }

    async function listenAndFill(): Promise<boolean> {
      try {
        if (subscription === null) {
          const opened = await store.subscribe!(listener);
          if (closing.signal.aborted) {
            await opened.close();
            return false;
          }
          subscription = opened;
          listening = true;
        }
        return listening && (await fill());
      } catch (error) {
        next = null;
        log.warn(`bloom-filter cannot learn the keys: ${messageOf(error)}`);
        return false;
      }
    }

    /** Fills again and again; sooner where it is not filled, and at once when it hears again. */
    async function keepFilled(filled: boolean): Promise<void> {
      for (let done = filled; !closing.signal.aborted; done = await listenAndFill()) {
        wakeUp = new AbortController();
        const early = AbortSignal.any([closing.signal, wakeUp.signal]);
        await clock.sleep(done ? rebuildMs : AGAIN_MS, early).catch(() => {});
        if (closing.signal.aborted) return;
      }
    }

    return {
      async start() {
        if (knownKeys === undefined) {
          log.warn('bloom-filter is not told which keys exist, and admits everything');
          return;
        }
        void keepFilled(await listenAndFill());
      },
      async close() {
        closing.abort();
        listener.lost();
        await subscription?.close();
      },
      async mayExist(key) {
        if (filter === null || filter.mayHave(key)) return true;
        try {
          // Created a moment ago by an instance whose announcement is still under way?
          const note = await store.get(CREATED + key);
          if (note === null) return false;
          add(key);
          return true;
        } catch {
          return true;
        }
      },
      async created(key) {
        add(key);
        const storedAtMs = clock.nowMs();
        const name = CREATED + key;
        const times = { storedAtMs, expiresAtMs: storedAtMs + noteMs, recomputeMs: 0 };
        await store.set({ key: name, value: null, version: 0, ...times }, { keepMs: noteMs });
        await store.announce!(name);
      },
    };
  },
});
