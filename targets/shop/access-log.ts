/**
 * How often each key was read, in Postgres, so that a warm-up after a restart knows what will be asked for. Reads are
 * counted in memory and written in batches: one statement a second is all that the log costs the database.
 */
import type { Pool } from 'pg';
import { messageOf } from '../../harness/contract/errors.ts';
import type { Log } from '../../harness/contract/time.ts';

const FLUSH_MS = 1000;
/** Keys counted between two batches, at most; reads of further ones are not counted. */
const MOST_KEYS = 50_000;

// Instances that start together must not both create it: they take turns.
const CREATE = `
SELECT pg_advisory_xact_lock(72061);
CREATE SCHEMA IF NOT EXISTS shop;
CREATE TABLE IF NOT EXISTS shop.access_log (
  key text PRIMARY KEY, reads bigint NOT NULL, last_read timestamptz NOT NULL
) WITH (fillfactor = 70)`;

// In the order of the keys, so that two instances never wait for each other's rows.
const ADD = `
INSERT INTO shop.access_log AS log (key, reads, last_read)
SELECT key, reads, now() FROM unnest($1::text[], $2::bigint[]) AS batch (key, reads) ORDER BY key
ON CONFLICT (key) DO UPDATE SET reads = log.reads + excluded.reads, last_read = excluded.last_read`;

const MOST_READ = 'SELECT key FROM shop.access_log ORDER BY reads DESC, key LIMIT $1';

export interface AccessLog {
  /** Counts a read. */
  note(key: string): void;
  /** Keys by reads, most first. */
  mostRead(limit: number): Promise<string[]>;
  /** Writes what is counted; never rejects. */
  flush(): Promise<void>;
  /** Writes the rest and stops. */
  close(): Promise<void>;
}

/** Creates the table where it is missing. What cannot be written is kept for the next batch. */
export function createAccessLog(pool: Pool, log: Log): AccessLog {
  let counts = new Map<string, number>();
  let failing = false;
  let created: Promise<unknown> | null = null;
  let flushing: Promise<void> = Promise.resolve();

  async function ensure(): Promise<void> {
    created ??= pool.query(CREATE);
    try {
      await created;
    } catch (error) {
      created = null;
      throw error;
    }
  }

  async function write(): Promise<void> {
    if (counts.size === 0) return;
    const batch = counts;
    counts = new Map();
    try {
      await ensure();
      await pool.query({ name: 'access-log', text: ADD, values: [[...batch.keys()], [...batch.values()]] });
      failing = false;
    } catch (error) {
      if (!failing) log.warn(`access log cannot be written: ${messageOf(error)}`);
      failing = true;
      for (const [key, reads] of batch) add(key, reads);
    }
  }

  function add(key: string, reads: number): void {
    const before = counts.get(key);
    if (before === undefined && counts.size >= MOST_KEYS) return;
    counts.set(key, (before ?? 0) + reads);
  }

  const flush = (): Promise<void> => (flushing = flushing.then(write));
  const timer = setInterval(() => void flush(), FLUSH_MS);
  timer.unref();
  return {
    note: (key) => add(key, 1),
    async mostRead(limit) {
      await ensure();
      const { rows } = await pool.query<{ key: string }>(MOST_READ, [limit]);
      return rows.map(({ key }) => key);
    },
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}
