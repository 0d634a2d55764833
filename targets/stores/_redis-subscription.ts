/**
 * Hears of changed keys over pub/sub, on a connection of its own as Redis asks for. Pub/sub forgets what was published
 * while nobody listened, so each break is told as a loss, and again when the connection is back.
 */
import { once } from 'node:events';
import type { Redis } from 'ioredis';
import type { InvalidationListener, Subscription } from '../../harness/contract/store.ts';

/** Longest pause between two attempts to come back, ms. */
const MAX_RECONNECT_MS = 250;

/**
 * Subscribes to a channel whose messages are keys.
 *
 * @throws Error where Redis cannot be reached now; a later break only calls `lost`
 */
export async function subscribeTo(
  redis: Redis,
  channel: string,
  listener: InvalidationListener,
): Promise<Subscription> {
  const connection = redis.duplicate({
    lazyConnect: true,
    // A connection that only listens has nothing to time out.
    commandTimeout: undefined,
    socketTimeout: undefined,
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    autoResubscribe: true,
    retryStrategy: (attempt: number) => Math.min(MAX_RECONNECT_MS, 25 * attempt),
  });
  connection.on('error', () => {});
  connection.on('message', (_channel: string, key: string) => listener.invalidated(key));
  try {
    await connection.connect();
    await connection.subscribe(channel);
  } catch (error) {
    connection.disconnect();
    throw error;
  }
  // While it is away messages are missed, and until it has subscribed again as well.
  connection.on('close', () => listener.lost());
  connection.on('ready', () => listener.lost());
  return {
    async close() {
      connection.removeAllListeners('close');
      connection.removeAllListeners('ready');
      if (connection.status === 'end') return;
      const ended = once(connection, 'end');
      connection.disconnect();
      await ended;
    },
  };
}
