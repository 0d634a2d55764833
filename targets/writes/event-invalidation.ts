/** The write tells nobody but the database's own log of changes; a listener reads it and tells the cache. */
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import { defineWriteStrategy } from '../../harness/contract/write.ts';
import { fillsNothingOlder } from './_entry.ts';
import { startWorker } from './_worker.ts';

const QUEUE = 'changes';
/** Lags that are kept for whoever asks. */
const KEPT_LAGS = 1000;

export default defineWriteStrategy({
  id: 'event-invalidation',
  title: 'Database, then an event that deletes',
  prose:
    'Each change leaves an event, and a listener deletes the cached value. With `outbox` the event is a row that is ' +
    'committed together with the change, and a notification wakes the listeners: whatever dies in between, the event is ' +
    'there and is caught up with. With `stream` it is appended to a Redis stream after the commit: a process that dies ' +
    'between the two has told nobody. The writer does not wait for the cache and need not know it, which suits many ' +
    'services on one database. The cache is behind by the lag of the listener, so a user may not see what he has just ' +
    'saved; while no listener runs, old values are served until their TTL ends. A plain delete has the same hole as one ' +
    'after the write, a reader that loaded before it and fills after it; the version that an event carries closes it.',
  source:
    'Kleppmann: Designing Data-Intensive Applications, 2017, chapter 11; Richardson: microservices.io, "Transactional outbox".',
  parameters: z.object({
    via: z.enum(['outbox', 'stream']).default('outbox').describe('where events wait'),
    batch: z.int().min(1).max(10_000).default(100).describe('events handled together, at most'),
    takeOverMs: z.int().min(1).max(600_000).default(2000).describe('when the events of a dead listener are taken over'),
    maxDeliveries: z.int().min(1).max(1000).default(10).describe('tries before an event is put aside'),
    tombstoneMs: z
      .int()
      .min(0)
      .max(86_400_000)
      .default(60_000)
      .describe('how long the version of an event refuses older values; 0 for a plain delete, which late readers pass'),
    drainMs: z.int().min(0).max(600_000).default(2000).describe('how long a stopping instance waits for the queue'),
  }),
  needs: ['delete', 'tombstone', 'not-older'],
  readerStore: (store, { parameters }) => (parameters.tombstoneMs > 0 ? fillsNothingOlder(store) : store),
  create(context) {
    const { database, invalidate, clock, log, parameters } = context;
    const { via, tombstoneMs } = parameters;
    const queue = via === 'outbox' ? context.outbox() : context.queue(QUEUE);
    const lags: number[] = [];

    async function tell({ key, version }: { key: string; version: number }): Promise<void> {
      await invalidate(key, tombstoneMs > 0 ? { tombstone: { version, keepMs: tombstoneMs } } : undefined);
    }
    const worker = startWorker({
      queue,
      clock,
      log,
      batch: parameters.batch,
      lingerMs: 0,
      takeOverMs: parameters.takeOverMs,
      maxDeliveries: parameters.maxDeliveries,
      async handle(messages) {
        await Promise.all(messages.map(({ body }) => tell(body as { key: string; version: number })));
        for (const { appendedAtMs } of messages) lags.push(Math.max(0, clock.nowMs() - appendedAtMs));
        if (lags.length > KEPT_LAGS) lags.splice(0, lags.length - KEPT_LAGS);
      },
    });

    return Promise.resolve({
      async write(request) {
        const written = await database.write(request, via === 'outbox' ? { outbox: true } : {});
        if (written === null) return null;
        if (via === 'outbox') return { version: written.version, cacheTold: true };
        const cacheTold = await queue.append({ key: request.key, version: written.version }).catch((error: unknown) => {
          log.warn(`no event for the write of ${request.key}: ${messageOf(error)}`);
          return false;
        });
        return { version: written.version, cacheTold };
      },
      pending: () => queue.length(),
      lagsMs: () => lags,
      close: () => worker.stop(parameters.drainMs),
    });
  },
});
