/** Every run begins with empty caches: the one Redis, and all servers that a store asked for beside it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import type { StartedServer } from '../contract/environment.ts';
import { HarnessError, messageOf } from '../contract/errors.ts';

const LIMIT_MS = 5000;

/**
 * Empties them all, directly and around the proxies.
 *
 * @throws HarnessError REDIS_FAILED or MEMCACHED_FAILED where one cannot be emptied
 */
export async function emptyCaches(redis: Redis, servers: readonly StartedServer[]): Promise<void> {
  await Promise.all([
    redis.flushall(),
    ...servers.map(async ({ name, kind, url }) => {
      // A replica is emptied by the server that it follows.
      if (kind === 'redis-replica') return;
      await (kind === 'memcached' ? flushMemcached(url) : flushRedis(url)).catch((cause: unknown) => {
        throw new HarnessError(
          kind === 'memcached' ? 'MEMCACHED_FAILED' : 'REDIS_FAILED',
          `the server '${name}' of the store cannot be emptied: ${messageOf(cause)}`,
          { cause },
        );
      });
    }),
  ]);
}

async function flushRedis(url: string): Promise<void> {
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
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}

async function flushMemcached(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    socket.write('flush_all\r\n');
    const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(LIMIT_MS) })) as [Buffer];
    if (!answer.toString().startsWith('OK')) throw new Error(answer.toString().trim());
  } finally {
    socket.destroy();
  }
}
