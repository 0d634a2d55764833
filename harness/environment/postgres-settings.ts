/**
 * The server settings of a benchmark, the same for the local server and the container, so that a result means the
 * same in each. Durability is off: the disk of the machine is not what is measured, and the data is thrown away.
 */

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

/** What a result says about them. */
export const DURABILITY_NOTE =
  'Postgres runs with fsync, synchronous_commit and full_page_writes off: writes cost less than on a durable server.';

/** As arguments of the `postgres` command. */
export function postgresArguments(more: Record<string, string> = {}): string[] {
  return Object.entries({ ...SETTINGS, ...more }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
