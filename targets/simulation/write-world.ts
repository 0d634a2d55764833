/**
 * What strategies that work through a queue need besides the cache and the rows: queues and version sequences in the
 * cache's server, an outbox that is committed with the row, and writes that the database refuses for ever. Every
 * operation goes over the connection of its process, so that it may be slow, lost, or the last one before a death.
 */
import { HarnessError } from '../../harness/contract/errors.ts';
import type { Clock } from '../../harness/contract/time.ts';
import type { QueuedMessage, VersionedWrite, WorkQueue, WriteContext } from '../../harness/contract/write.ts';
import type { SimulatedRow } from '../../harness/simulate/database.ts';
import type { Surroundings } from '../../harness/simulate/surroundings.ts';
import { createMemoryQueue, type MemoryQueue } from '../writes/_memory-queue.ts';

/** What became of one message that was put aside. */
export interface Burial {
  writeId: string;
  deliveries: number;
  atMs: number;
}

/** Everything of the write side that a judge wants to know. */
export interface WriteNotes {
  /** Versions that were given out before the database had them. */
  given: { key: string; version: number; atMs: number }[];
  /** Write ids that the database has, with the times they were stored at. */
  stored: Map<string, number>;
  /** Stores that had been made before. */
  repeats: number;
  burials: Burial[];
  /** Messages in the cache's queues at the moment at which it lost them. */
  forgotten: { atMs: number; messages: number }[];
  /** Most messages that waited at once in a queue with a limit. */
  longest: number;
}

export interface WriteWorld {
  notes: WriteNotes;
  /** Messages that nobody has handled. */
  left(): Promise<number>;
  /** The cache's server starts: what it held is gone. */
  restarted(clock: Clock): void;
  /** What a strategy of one process is given of it. */
  partsOf(
    surroundings: Surroundings,
  ): Pick<WriteContext<unknown>, 'queue' | 'outbox' | 'nextVersion'> & Pick<WriteContext<unknown>, 'database'>;
}

/** @param refuses whether the database refuses this write whenever it is stored later */
export function createWriteWorld(refuses: (writeId: string) => boolean): WriteWorld {
  const queues = new Map<string, MemoryQueue>();
  const sequences = new Map<string, number>();
  let outbox: MemoryQueue | null = null;
  let clock: Clock;
  const notes: WriteNotes = { given: [], stored: new Map(), repeats: 0, burials: [], forgotten: [], longest: 0 };

  function over(open: () => MemoryQueue, call: Surroundings['atCache']): WorkQueue {
    return {
      append: (body, most) =>
        call(async () => {
          const fits = await open().append(body, most);
          if (fits && most !== undefined) notes.longest = Math.max(notes.longest, await open().length());
          return fits;
        }),
      take: (options, signal) => call(() => open().take(options, signal), options.waitMs),
      acknowledge: (ids) => call(() => open().acknowledge(ids)),
      bury: (message: QueuedMessage, reason) =>
        call(async () => {
          const { writeId } = message.body as unknown as VersionedWrite;
          notes.burials.push({ writeId, deliveries: message.deliveries, atMs: clock.nowMs() });
          await open().bury(message, reason);
        }),
      length: () => call(() => open().length()),
      deadLetters: () => call(() => open().deadLetters()),
    };
  }

  function queueOf(name: string): MemoryQueue {
    const queue = queues.get(name) ?? createMemoryQueue(clock);
    queues.set(name, queue);
    return queue;
  }

  function storeAll(writes: readonly VersionedWrite[]): void {
    const refused = writes.find(({ writeId }) => refuses(writeId));
    if (refused) throw new HarnessError('INTERNAL', `the row refuses ${refused.writeId}`);
    for (const { writeId } of writes)
      if (notes.stored.has(writeId)) notes.repeats += 1;
      else notes.stored.set(writeId, clock.nowMs());
  }

  return {
    notes,
    async left() {
      const lengths = await Promise.all([...queues.values(), ...(outbox ? [outbox] : [])].map((one) => one.length()));
      return lengths.reduce((sum, length) => sum + length, 0);
    },
    restarted(now) {
      clock = now;
      outbox ??= createMemoryQueue(now);
      if (queues.size === 0) return;
      for (const queue of queues.values())
        void queue.length().then((messages) => {
          notes.forgotten.push({ atMs: clock.nowMs(), messages });
          queue.lose();
        });
      sequences.clear();
    },
    partsOf({ rows, loader, atCache, atDatabase }) {
      return {
        database: {
          async write({ key, writeId }, options) {
            return rows.write(key, (version) => {
              notes.stored.set(writeId, clock.nowMs());
              if (options?.outbox) outbox!.put({ key, version });
            });
          },
          load: (key) => loader(key),
          versionOf: (key) => atDatabase(async () => rows.versionOf(key)),
          upsertIfNewer: (writes) =>
            rows.raise(
              writes.map(({ key, version }) => ({ key, version })),
              () => storeAll(writes),
            ),
          apply: (value, change, version) => ({ value: { ...(value as SimulatedRow), version }, change }),
        },
        queue: (name) => over(() => queueOf(name), atCache),
        outbox: () => over(() => outbox!, atDatabase),
        /** Two scripts, as on the real server: what is not known yet costs a look at the row in between. */
        async nextVersion(key, first) {
          const next = (begin: number | null): Promise<number | null> =>
            atCache(async () => {
              if (begin !== null && !sequences.has(key)) sequences.set(key, begin);
              const last = sequences.get(key);
              if (last === undefined) return null;
              sequences.set(key, last + 1);
              notes.given.push({ key, version: last + 1, atMs: clock.nowMs() });
              return last + 1;
            });
          return (await next(null)) ?? (await next(await first()))!;
        },
      };
    },
  };
}
