/** Every run begins with empty caches: the one Redis, and all servers that a store asked for beside it. */
import type { Redis } from 'ioredis';
import type { StartedServer } from '../contract/environment.ts';
import { HarnessError, messageOf } from '../contract/errors.ts';
import { flushServer } from '../faults/engine/flush-server.ts';

/**
 * Empties them all, directly and around the proxies; what is not ours is left as it is.
 *
 * @throws HarnessError REDIS_FAILED or MEMCACHED_FAILED where one cannot be emptied
 */
export async function emptyCaches(redis: Redis | null, servers: readonly StartedServer[]): Promise<void> {
  await Promise.all([
    redis?.flushall(),
    ...servers.map((server) =>
      flushServer(server).catch((cause: unknown) => {
        throw new HarnessError(
          server.kind === 'memcached' ? 'MEMCACHED_FAILED' : 'REDIS_FAILED',
          `the server '${server.name}' of the store cannot be emptied: ${messageOf(cause)}`,
          { cause },
        );
      }),
    ),
  ]);
}
