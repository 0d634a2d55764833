/**
 * Hears of changed keys from the server itself: client-side caching in broadcasting mode, where Redis tells of every
 * key under a prefix that is written, deleted, expired or evicted, whoever did it. In the older protocol the messages
 * come as pub/sub, so the connection is made the receiver of its own invalidations.
 */
import type { Redis } from 'ioredis';
import type { InvalidationListener, Subscription } from '../../harness/contract/store.ts';
import { listenTo } from './_redis-listener.ts';

const CHANNEL = '__redis__:invalidate';

/**
 * Tracks all keys that begin with `prefix`; the listener is told what follows it.
 *
 * @throws Error where Redis cannot be reached now or is older than 6.0; a later break only calls `lost`
 */
export function trackWrites(redis: Redis, prefix: string, listener: InvalidationListener): Promise<Subscription> {
  return listenTo(redis, listener, async (connection) => {
    const id = await connection.client('ID');
    await connection.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'BCAST', 'PREFIX', prefix);
    if (connection.listenerCount('messageBuffer') === 0)
      connection.on('messageBuffer', (_channel: Buffer, keys: unknown) => {
        // One message tells of many keys, and null of all of them: FLUSHALL.
        if (!Array.isArray(keys)) {
          listener.lost();
          listener.restored?.();
        } else for (const key of keys) listener.invalidated(String(key).slice(prefix.length));
      });
    await connection.subscribe(CHANNEL);
  });
}
