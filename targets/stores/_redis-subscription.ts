/** Hears of changed keys over pub/sub: whoever changes an entry must say so. */
import type { Redis } from 'ioredis';
import type { InvalidationListener, Subscription } from '../../harness/contract/store.ts';
import { listenTo } from './_redis-listener.ts';

/**
 * Subscribes to a channel whose messages are keys.
 *
 * @throws Error where Redis cannot be reached now; a later break only calls `lost`
 */
export function subscribeTo(redis: Redis, channel: string, listener: InvalidationListener): Promise<Subscription> {
  return listenTo(redis, listener, async (connection) => {
    if (connection.listenerCount('message') === 0)
      connection.on('message', (_channel: string, key: string) => listener.invalidated(key));
    await connection.subscribe(channel);
  });
}
