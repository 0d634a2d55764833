/** Empties a server that a store asked for, directly and around the proxies, and tells how many keys it held. */
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import type { StartedServer } from '../../contract/environment.ts';
import { keysIn } from './keyspace.ts';

const LIMIT_MS = 5000;

/**
 * Resolves to the number of keys that were there; 0 for a replica, which is emptied by the server that it follows, and
 * for one of Postgres, which is no cache.
 *
 * @throws Error where the server cannot be reached
 */
export async function flushServer({ kind, url }: StartedServer): Promise<number> {
  if (kind === 'redis-replica' || kind === 'postgres-replica') return 0;
  return kind === 'memcached' ? flushMemcached(url) : flushRedis(url);
}

async function flushRedis(url: string): Promise<number> {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    connectTimeout: LIMIT_MS,
    commandTimeout: LIMIT_MS,
  });
  redis.on('error', () => {
    // The command tells its own error; the event must only not be unhandled.
  });
  try {
    await redis.connect();
    const before = keysIn(await redis.info('keyspace'));
    await redis.flushall();
    return before;
  } finally {
    redis.disconnect();
  }
}

async function flushMemcached(url: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const limit = setTimeout(() => socket.destroy(new Error('Memcached does not answer')), LIMIT_MS);
  try {
    socket.write('stats\r\nflush_all\r\n');
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
      if (/^OK\r\n/m.test(text)) return Number(/^STAT curr_items (\d+)/m.exec(text)?.[1] ?? 0);
    }
    throw new Error(`Memcached closed the connection: ${text.slice(-200)}`);
  } finally {
    clearTimeout(limit);
    socket.destroy();
  }
}
