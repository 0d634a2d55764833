/**
 * The connection pool to Postgres, with limits on every wait: for a free connection, for a statement on the server,
 * and for its answer on the wire. A client without them hangs for ever when packets are lost, which is a finding
 * about clients and not about caches.
 */
import pg from 'pg';
import type { Log } from '../../harness/contract/time.ts';

/** How much longer the client waits than the server, so that the server's clearer error comes first. */
const CLIENT_GRACE = 1.1;

/**
 * Opens no connection yet. Errors of idle connections are logged and never end the process.
 *
 * @param options.max connections at most
 * @param options.timeoutMs limit of each wait
 */
export function createPool(url: string, options: { max: number; timeoutMs: number; name: string; log: Log }): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max,
    connectionTimeoutMillis: options.timeoutMs,
    statement_timeout: options.timeoutMs,
    query_timeout: Math.ceil(options.timeoutMs * CLIENT_GRACE),
    // A frozen instance must not hold its row locks for ever.
    idle_in_transaction_session_timeout: options.timeoutMs * 2,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    application_name: `cachequake-${options.name}`,
  });
  pool.on('error', (error) => options.log.warn(`postgres: ${error.message}`));
  return pool;
}
