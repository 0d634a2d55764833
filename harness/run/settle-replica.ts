/**
 * Brings the replica of Postgres to where the primary is, and sets how much later it applies commits from then on. Runs
 * of a comparison share it, and each begins with a replica that has seen all of the seeding.
 */
import pg from 'pg';
import type { StartedServer } from '../contract/environment.ts';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { PlannedReplica } from '../contract/plan.ts';
import type { QueryRunner } from '../contract/target.ts';
import { realClock } from '../kit/clock.ts';

const LIMIT_MS = 60_000;
const LOOK_MS = 20;

/**
 * Does nothing where the plan has no replica.
 *
 * @param primary the primary, directly
 * @throws HarnessError POSTGRES_FAILED where the replica cannot be reached or does not follow
 */
export async function settleReplica(
  planned: PlannedReplica | undefined,
  servers: readonly StartedServer[],
  primary: QueryRunner,
): Promise<void> {
  if (planned === undefined) return;
  const server = servers.find(({ kind }) => kind === 'postgres-replica');
  if (!server) throw new HarnessError('INTERNAL', 'the plan reads from a replica, and none was started');
  const replica = new pg.Client({
    connectionString: server.url,
    connectionTimeoutMillis: 5000,
    application_name: 'cachequake-admin',
  });
  replica.on('error', () => {
    // Every query tells its own error; the event must only not be unhandled.
  });
  try {
    await replica.connect();
    await delayBy(replica, 0);
    const [target] = await primary.query<{ lsn: string }>('SELECT pg_current_wal_flush_lsn()::text AS lsn');
    await catchUp(replica, target!.lsn);
    await delayBy(replica, planned.applyDelayMs);
  } catch (cause) {
    if (cause instanceof HarnessError) throw cause;
    throw new HarnessError('POSTGRES_FAILED', `the replica of Postgres cannot be set up: ${messageOf(cause)}`, {
      cause,
    });
  } finally {
    await replica.end().catch(() => undefined);
  }
}

/** Read by the process that applies, at its next reload; a number of ms and nothing else can be in the text. */
async function delayBy(replica: pg.Client, ms: number): Promise<void> {
  await replica.query(`ALTER SYSTEM SET recovery_min_apply_delay = ${Math.round(ms)}`);
  await replica.query('SELECT pg_reload_conf()');
}

async function catchUp(replica: pg.Client, lsn: string): Promise<void> {
  const untilMs = realClock.nowMs() + LIMIT_MS;
  for (;;) {
    const { rows } = await replica.query<{ there: boolean; at: string }>(
      'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS there, pg_last_wal_replay_lsn()::text AS at',
      [lsn],
    );
    if (rows[0]?.there) return;
    if (realClock.nowMs() > untilMs)
      throw new HarnessError(
        'POSTGRES_FAILED',
        `the replica of Postgres does not follow: it is at ${rows[0]?.at ?? 'nothing'} and should be at ${lsn}`,
        { hint: 'its log says why; it lies beside the result' },
      );
    await realClock.sleep(LOOK_MS);
  }
}
