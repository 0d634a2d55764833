/**
 * A connection that only listens. Redis forgets what it told while nobody listened, so each break is a loss from the
 * moment the connection is gone until it listens again, and what was kept in between cannot be trusted.
 */
import { once } from 'node:events';
import type { Redis } from 'ioredis';
import type { InvalidationListener, Subscription } from '../../harness/contract/store.ts';

/** A connection that nobody closed may still carry nothing: it is asked this often, and given up after this time, ms. */
const HEARTBEAT_MS = 500;
const HEARTBEAT_LIMIT_MS = 1000;
/** Longest pause between two attempts to come back, ms. */
const MAX_RECONNECT_MS = 250;

/**
 * Listens on a connection of its own, for as long as it is not closed.
 *
 * @param listen makes a fresh connection listen; called again after each break
 * @throws Error where Redis cannot be reached now; a later break only calls `lost`, and `restored` when it is over
 */
export async function listenTo(
  redis: Redis,
  listener: InvalidationListener,
  listen: (connection: Redis) => Promise<unknown>,
): Promise<Subscription> {
  const connection = redis.duplicate({
    lazyConnect: true,
    // The client passes on pub/sub of both protocols, and of client tracking only what comes as pub/sub.
    protocol: 2,
    commandTimeout: HEARTBEAT_LIMIT_MS,
    socketTimeout: undefined,
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    // Done here, because it must be known when it is done.
    autoResubscribe: false,
    retryStrategy: (attempt: number) => Math.min(MAX_RECONNECT_MS, 25 * attempt),
  });
  connection.on('error', () => {});
  try {
    await connection.connect();
    await listen(connection);
  } catch (error) {
    connection.disconnect();
    throw error;
  }
  /** Counts the breaks: a connection that broke again while it was made to listen is not restored. */
  let breaks = 0;
  connection.on('close', () => {
    breaks += 1;
    listener.lost();
  });
  connection.on('ready', () => {
    const at = breaks;
    listen(connection).then(
      () => at === breaks && listener.restored?.(),
      // A connection that cannot listen is of no use: the next one may.
      () => at === breaks && connection.disconnect(true),
    );
  });
  const heartbeat = setInterval(() => {
    if (connection.status !== 'ready') return;
    const at = breaks;
    connection.ping().catch(() => at === breaks && connection.disconnect(true));
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    async close() {
      clearInterval(heartbeat);
      connection.removeAllListeners('close');
      connection.removeAllListeners('ready');
      if (connection.status === 'end') return;
      const ended = once(connection, 'end');
      connection.disconnect();
      await ended;
    },
  };
}
