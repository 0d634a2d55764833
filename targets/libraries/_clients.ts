/**
 * Redis clients for the adapters, all with the settings that our own store has: no queue while the connection is
 * away, a time limit for each command, a new connection within 250 ms. So what a table shows of an outage is the
 * library and not a client's defaults.
 */
import { once } from 'node:events';
import type { Redis } from 'ioredis';
import type { Keyv } from 'keyv';
import type { LibraryContext } from '../../harness/contract/library.ts';
import { createRedisClient } from '../stores/redis.ts';

type Where = Pick<LibraryContext, 'redisUrl' | 'commandTimeoutMs'>;

/** A connected ioredis client, with the settings of our own store. */
export async function connectIoredis({ redisUrl, commandTimeoutMs }: Where): Promise<Redis> {
  const client = createRedisClient(redisUrl, commandTimeoutMs);
  if (client.status !== 'ready') await once(client, 'ready');
  return client;
}

/** Host and port for a client that a library makes itself, with the same settings. */
export function ioredisOptions(where: Where): Record<string, unknown> {
  return {
    ...busOptions(where),
    commandTimeout: where.commandTimeoutMs,
    socketTimeout: Math.max(1000, 4 * where.commandTimeoutMs),
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  };
}

/** Host and port for a connection that listens: it may be silent for ever, and subscribes when it is there again. */
export function busOptions({ redisUrl }: Where): Record<string, unknown> {
  const { hostname, port } = new URL(redisUrl);
  return { host: hostname, port: Number(port), retryStrategy: (attempt: number) => Math.min(250, 25 * attempt) };
}

/** A connected Keyv on @keyv/redis. Errors are listened for, as its documentation asks, and read as a miss. */
export async function connectKeyvRedis({ redisUrl, commandTimeoutMs }: Where, namespace: string): Promise<Keyv> {
  const { createKeyv } = await import('@keyv/redis');
  const keyv = createKeyv(
    {
      url: redisUrl,
      disableOfflineQueue: true,
      commandOptions: { timeout: commandTimeoutMs },
      socket: {
        connectTimeout: Math.max(500, 2 * commandTimeoutMs),
        socketTimeout: Math.max(1000, 4 * commandTimeoutMs),
        reconnectStrategy: (attempt: number) => Math.min(250, 25 * attempt),
      },
    },
    { namespace, throwOnConnectError: false },
  );
  keyv.on('error', () => {});
  // The first command opens the connection.
  await keyv.get('connect');
  return keyv;
}
