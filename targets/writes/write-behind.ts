/**
 * Answers once the cache and a queue have the write; a worker takes it to the database later, many at a time. The
 * fastest write there is, and the only one that may be lost after it was acknowledged: how many is stated and bounded.
 */
import { z } from 'zod';
import type { Loaded } from '../../harness/contract/defence.ts';
import { defineWriteStrategy, type VersionedWrite } from '../../harness/contract/write.ts';
import { entryOf, fillsNothingOlder } from './_entry.ts';
import { tellCache } from './_tell-cache.ts';
import { startWorker } from './_worker.ts';

const QUEUE = 'writes';

export default defineWriteStrategy({
  id: 'write-behind',
  title: 'Cache and queue now, the database later',
  prose:
    'The write gets the next version of its key, goes into a queue beside the cache and into the cache, and is answered. ' +
    'A worker stores writes in batches, by size or time, and acknowledges them after the commit; an upsert by version ' +
    'makes a repetition harmless. A write that fails again and again is put aside as a dead letter. When an instance ' +
    'dies nothing is lost: others take over. When the cache loses its memory, what was acknowledged and not yet stored ' +
    'is lost: at most `maxPending` writes, because beyond that writes wait for the database. Until a write is stored, ' +
    'whoever asks the database sees the old value: a reader whose cached value ends meanwhile, a report, another ' +
    'service. A change made from an old value (one more, one less) belongs into the database instead.',
  source: 'Oracle Coherence documentation, "Write-Behind Caching"; Redis documentation, "Streams", consumer groups.',
  parameters: z.object({
    batch: z.int().min(1).max(10_000).default(100).describe('writes stored together, at most'),
    flushMs: z.int().min(0).max(600_000).default(50).describe('how long a batch that is not full waits for more'),
    maxPending: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(1000)
      .describe('acknowledged writes that may wait, and so be lost with the cache; more go to the database at once'),
    maxDeliveries: z.int().min(1).max(1000).default(5).describe('tries before a write is put aside'),
    takeOverMs: z.int().min(1).max(600_000).default(2000).describe('when the writes of a dead worker are taken over'),
    drainMs: z.int().min(0).max(600_000).default(5000).describe('how long a stopping instance waits for the queue'),
  }),
  needs: ['set', 'not-older'],
  readerStore: fillsNothingOlder,
  lossBound: ({ maxPending }) => maxPending,
  create(context) {
    const { database, store, clock, log, ttlMs, parameters } = context;
    const queue = context.queue(QUEUE);
    const worker = startWorker({
      queue,
      clock,
      log,
      batch: parameters.batch,
      lingerMs: parameters.flushMs,
      takeOverMs: parameters.takeOverMs,
      maxDeliveries: parameters.maxDeliveries,
      handle: (messages) =>
        database.upsertIfNewer(
          messages
            .map(({ body }) => body as unknown as VersionedWrite)
            // In one order everywhere, so that two workers do not wait for each other's rows.
            .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.version - b.version)),
        ),
    });

    /** What is cached now, or what the database holds; null where there is no such row. */
    async function current(key: string): Promise<Loaded<unknown> | null> {
      const entry = await store.get<unknown>(key);
      return entry !== null && !entry.absent ? { value: entry.value, version: entry.version } : database.load(key);
    }

    async function setInCache(key: string, value: unknown, version: number): Promise<boolean> {
      const entry = entryOf(context, key, { value, version }, 0);
      return tellCache(log, key, store.set(entry, { keepMs: ttlMs, ifNewer: true }));
    }

    return Promise.resolve({
      async write(request) {
        const { key, change } = request;
        const before = await current(key);
        if (before === null) return null;
        // Never below what readers have seen, whatever became of the sequence.
        const version = await context.nextVersion(key, async () =>
          Math.max(before.version, (await database.versionOf(key)) ?? 0),
        );
        const applied = database.apply(before.value, change, version);
        const write: VersionedWrite = { ...request, change: applied.change, version };
        if (!(await queue.append({ ...write }, parameters.maxPending))) await database.upsertIfNewer([write]);
        return { version, cacheTold: await setInCache(key, applied.value, version) };
      },
      pending: () => queue.length(),
      close: () => worker.stop(parameters.drainMs),
    });
  },
});
