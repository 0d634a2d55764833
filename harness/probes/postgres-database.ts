/**
 * What the database read and committed, from pg_stat_database. Backends hand in these counters about once a second and
 * later when idle, so they show proportions over a run and not the shape of a spike.
 */
import { defineProbe } from '../contract/probe.ts';
import { Growth } from './engine/growth.ts';
import { PostgresLook, type LookPart } from './engine/postgres-look.ts';

const COLUMNS = [
  ['db.rowsReturnedPerSec', 'Rows read', 'db.rowsReturned'],
  ['db.rowsFetchedPerSec', 'Rows fetched by index', 'db.rowsFetched'],
  ['db.blocksHitPerSec', 'Blocks found in memory', 'db.blocksHit'],
  ['db.blocksReadPerSec', 'Blocks read from disk', 'db.blocksRead'],
  ['db.rollbacksPerSec', 'Rollbacks', 'db.rollbacks'],
  ['db.deadlocksPerSec', 'Deadlocks', 'db.deadlocks'],
] as const;

const PART: LookPart = {
  name: 'database',
  columns: COLUMNS.length,
  sql: `
  select tup_returned::float8 as cachequake_probe, tup_fetched::float8, blks_hit::float8, blks_read::float8,
         xact_rollback::float8, deadlocks::float8
  from pg_stat_database where datname = current_database()`,
};

export default defineProbe({
  id: 'postgres-database',
  title: 'Postgres database',
  everyMs: 500,
  needs: ['postgres'],
  async open({ stack }) {
    const look = await PostgresLook.open(stack.postgresUrl);
    const growths = COLUMNS.map(() => new Growth());
    return {
      fields: COLUMNS.map(([id, title, totalId]) => ({ id, title, unit: '/s', kind: 'counter', totalId })),
      async sample() {
        const row = await look.ask(PART);
        return Object.fromEntries(
          COLUMNS.map(([id], index) => [id, row ? growths[index]!.of(row[index]!) : null] as const),
        );
      },
      finish: () => Promise.resolve({}),
      close: () => look.close(),
    };
  },
});
