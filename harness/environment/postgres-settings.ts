/**
 * The server settings of a benchmark, the same for the local server and the container, so that a result means the
 * same in each. Durability is off: the disk of the machine is not what is measured, and the data is thrown away.
 */

import type { ServerNeed } from '../contract/store-kind.ts';

/** Room for the probes, the faults, and pools of instances. */
const LEAST_CONNECTIONS = 300;
const CONNECTIONS_PER_INSTANCE = 50;

/** The setting for so many instances, which each have a pool. */
export function maxConnections(instances: number): Record<string, string> {
  return { max_connections: String(Math.max(LEAST_CONNECTIONS, 100 + CONNECTIONS_PER_INSTANCE * instances)) };
}

const SETTINGS: Readonly<Record<string, string>> = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'top',
  track_io_timing: 'on',
  max_connections: String(LEAST_CONNECTIONS),
  shared_buffers: '128MB',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/**
 * What a primary and its replica have beside the others. Only what is written to the log is sent, and without
 * synchronous_commit that is up to 600 ms after a commit: replicas would lag by a saving that no durable server has.
 * Enough of the log is kept that a replica which was cut off for a while can follow again.
 */
export const REPLICATION: Readonly<Record<string, string>> = {
  wal_level: 'replica',
  hot_standby: 'on',
  max_wal_senders: '10',
  wal_keep_size: '512MB',
  synchronous_commit: 'on',
  hot_standby_feedback: 'on',
};

/** What a result says about them. */
export function durabilityNote(servers: readonly ServerNeed[]): string {
  return isReplicated(servers)
    ? 'Postgres runs with fsync and full_page_writes off: writes cost less than on a durable server. Its replica streams ' +
        'what is written, hence synchronous_commit is on.'
    : 'Postgres runs with fsync, synchronous_commit and full_page_writes off: writes cost less than on a durable server.';
}

/** Whether the run's Postgres has a replica. */
export function isReplicated(servers: readonly ServerNeed[]): boolean {
  return servers.some(({ kind }) => kind === 'postgres-replica');
}

/** As arguments of the `postgres` command. */
export function postgresArguments(more: Record<string, string> = {}): string[] {
  return Object.entries({ ...SETTINGS, ...more }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
