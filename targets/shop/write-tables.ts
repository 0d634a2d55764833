/**
 * What the shop keeps of writes beside the rows themselves: a history of every version, from which stale reads are
 * found out after a run, and the outbox, whose rows are committed together with the change that they tell of.
 */
import type { QueryRunner, WriteHistory } from '../../harness/contract/target.ts';

/** Notified when a change is put into the outbox. */
export const OUTBOX_CHANNEL = 'cachequake_outbox';

export const WRITE_TABLES = [
  `CREATE TABLE shop.versions (
    product_id int NOT NULL, version int NOT NULL, write_id text NOT NULL, committed_at timestamptz NOT NULL
  )`,
  // A write that is repeated is noted once. Writes that nobody named cannot be told apart.
  `CREATE UNIQUE INDEX versions_by_write ON shop.versions (write_id) WHERE write_id <> ''`,
  `CREATE TABLE shop.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL, version int NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(), taken_at timestamptz, deliveries int NOT NULL DEFAULT 0
  ) WITH (fillfactor = 50)`,
  `CREATE TABLE shop.outbox_dead (
    id bigint PRIMARY KEY, key text NOT NULL, version int NOT NULL, reason text NOT NULL,
    buried_at timestamptz NOT NULL DEFAULT now()
  )`,
];

/** Forgets all writes. */
export async function resetWrites(sql: QueryRunner): Promise<void> {
  await sql.query('TRUNCATE shop.versions, shop.outbox, shop.outbox_dead');
}

/** Every version that a write has made, and the versions that the rows have now. Times are the database's. */
export async function readWriteHistory(sql: QueryRunner): Promise<WriteHistory> {
  const versions = await sql.query<WriteHistory['versions'][number]>(
    `SELECT product_id AS key, version, write_id AS "writeId",
       (extract(epoch FROM committed_at) * 1000)::float8 AS "committedAtMs"
     FROM shop.versions ORDER BY committed_at`,
  );
  const rows = await sql.query<WriteHistory['rows'][number]>(
    'SELECT id AS key, version FROM shop.products WHERE version > 1',
  );
  return { versions, rows };
}
