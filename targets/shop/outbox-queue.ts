/**
 * The outbox table as a work queue. Rows are claimed and not followed by their number: numbers are given out before
 * the commit, so whoever remembers the last one that he saw misses those that commit later. A notification wakes the
 * takers; one that is lost costs nothing but the time until they look again.
 */
import pg from 'pg';
import { messageOf } from '../../harness/contract/errors.ts';
import type { Clock, Log } from '../../harness/contract/time.ts';
import type { WorkQueue } from '../../harness/contract/write.ts';
import { OUTBOX_CHANNEL } from './write-tables.ts';

const RECONNECT_MS = 250;

const CLAIM = `
UPDATE shop.outbox SET taken_at = clock_timestamp(), deliveries = deliveries + 1
WHERE id IN (
  SELECT id FROM shop.outbox
  WHERE taken_at IS NULL OR taken_at < clock_timestamp() - $2::float8 * interval '1 millisecond'
  ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
)
RETURNING id, key, version, deliveries, (extract(epoch FROM created_at) * 1000)::float8 AS at`;

const BURY = `
WITH gone AS (DELETE FROM shop.outbox WHERE id = $1 RETURNING id, key, version)
INSERT INTO shop.outbox_dead (id, key, version, reason) SELECT id, key, version, $2 FROM gone`;

export interface OutboxQueue extends WorkQueue {
  close(): Promise<void>;
}

/** Opens no connection of its own before the first `take`. */
export function createOutboxQueue(pool: pg.Pool, url: string, parts: { clock: Clock; log: Log }): OutboxQueue {
  const { clock, log } = parts;
  const closing = new AbortController();
  let listening: Promise<void> | null = null;
  let client: pg.Client | null = null;
  /** Grows with every notification, so that one between looking and waiting is not missed. */
  let rings = 0;
  let bell = new AbortController();

  function ring(): void {
    rings += 1;
    bell.abort();
    bell = new AbortController();
  }

  /** Listens until it is closed; comes back after every break. */
  async function listen(): Promise<void> {
    while (!closing.signal.aborted) {
      const made = new pg.Client({ connectionString: url, application_name: 'cachequake-outbox', keepAlive: true });
      const ended = new Promise<void>((resolve) => made.once('end', resolve));
      made.on('error', (error) => log.warn(`outbox: ${error.message}`));
      made.on('notification', ring);
      client = made;
      try {
        await made.connect();
        await made.query(`LISTEN ${OUTBOX_CHANNEL}`);
        ring(); // what was told while nobody listened
        await ended;
      } catch (error) {
        log.warn(`outbox: ${messageOf(error)}`);
        await made.end().catch(() => undefined);
      }
      await clock.sleep(RECONNECT_MS, closing.signal).catch(() => undefined);
    }
  }

  const one = async <R extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<R[]> =>
    (await pool.query<R>(text, values)).rows;

  return {
    append: () => Promise.reject(new Error('the outbox is filled by the transaction that makes a change')),
    async take({ most, waitMs, takeOverMs }, signal) {
      listening ??= listen();
      const untilMs = clock.nowMs() + waitMs;
      for (;;) {
        if (signal?.aborted) return [];
        const heard = rings;
        const rows = await one<{ id: string; key: string; version: number; deliveries: number; at: number }>(CLAIM, [
          most,
          takeOverMs,
        ]);
        if (rows.length > 0)
          return rows
            .map(({ id, key, version, deliveries, at }) => ({
              id,
              body: { key, version },
              deliveries,
              appendedAtMs: at,
            }))
            .toSorted((a, b) => Number(a.id) - Number(b.id));
        const leftMs = untilMs - clock.nowMs();
        if (leftMs <= 0) return [];
        if (rings !== heard) continue;
        const waits = [bell.signal, closing.signal, ...(signal ? [signal] : [])];
        await clock.sleep(leftMs, AbortSignal.any(waits)).catch(() => undefined);
      }
    },
    async acknowledge(ids) {
      await one('DELETE FROM shop.outbox WHERE id = ANY($1::bigint[])', [ids]);
    },
    async bury({ id }, reason) {
      await one(BURY, [id, reason]);
    },
    length: async () => (await one<{ n: number }>('SELECT count(*)::int AS n FROM shop.outbox'))[0]!.n,
    deadLetters: async () => (await one<{ n: number }>('SELECT count(*)::int AS n FROM shop.outbox_dead'))[0]!.n,
    async close() {
      closing.abort();
      await client?.end().catch(() => undefined);
      await listening;
    },
  };
}
