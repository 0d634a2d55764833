/**
 * How far the replica of Postgres is behind, and what it carries. The lag is the age of the oldest change that it has
 * not applied, from the positions in the log of both servers and the clock of the probe alone: the database's own
 * figures stand still when a replica is cut off, and grow when nobody writes.
 */
import { HarnessError } from '../contract/errors.ts';
import { defineProbe } from '../contract/probe.ts';
import { realClock } from '../kit/clock.ts';
import { Growth } from './engine/growth.ts';
import { PostgresLook, type LookPart } from './engine/postgres-look.ts';
import { ReplicaLag } from './engine/replica-lag.ts';

/** As a number of bytes since the beginning of the log; far below what a double holds exactly. */
const WRITTEN: LookPart = {
  name: 'written',
  columns: 1,
  sql: `select (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::float8 as cachequake_probe`,
};

const APPLIED: LookPart = {
  name: 'applied',
  columns: 3,
  sql: `
  select (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::float8 as cachequake_probe,
         coalesce(sum(calls), 0)::float8, coalesce(sum(total_exec_time), 0)::float8
  from pg_stat_statements(false)`,
};

export default defineProbe({
  id: 'postgres-replica',
  title: 'Postgres replica',
  everyMs: 50,
  needs: ['postgres', 'postgres-replica'],
  async open({ stack }) {
    const server = stack.servers.find(({ kind }) => kind === 'postgres-replica');
    if (!server) throw new HarnessError('POSTGRES_FAILED', 'there is no replica of Postgres to look at');
    const [primary, replica] = await Promise.all([PostgresLook.open(stack.postgresUrl), PostgresLook.open(server.url)]);
    const close = async (): Promise<void> => {
      await Promise.all([primary.close(), replica.close()]);
    };
    const lag = new ReplicaLag();
    const [calls, execMs] = [new Growth(), new Growth()];
    return {
      fields: [
        { id: 'replica.lagMs', title: 'Lag of the replica', unit: 'ms', kind: 'gauge', totalId: 'replica.lagMaxMs' },
        {
          id: 'replica.queriesPerSec',
          title: 'Queries on the replica',
          unit: '/s',
          kind: 'counter',
          totalId: 'replica.totalQueries',
        },
        {
          id: 'replica.execMsPerSec',
          title: 'Time spent in queries on the replica',
          unit: 'ms/s',
          kind: 'counter',
          totalId: 'replica.totalExecMs',
        },
      ],
      async sample() {
        // The primary first: what it has written by now, the replica may have by the time that it is asked.
        const written = await primary.ask(WRITTEN);
        const atMs = realClock.nowMs();
        const applied = await replica.ask(APPLIED);
        if (written) lag.written(written[0]!, atMs);
        if (applied) lag.applied(applied[0]!);
        return {
          'replica.lagMs': written ? lag.atMs(atMs) : null,
          'replica.queriesPerSec': applied ? calls.of(applied[1]!) : null,
          'replica.execMsPerSec': applied ? execMs.of(applied[2]!) : null,
        };
      },
      finish: () => Promise.resolve({}),
      close,
    };
  },
});
