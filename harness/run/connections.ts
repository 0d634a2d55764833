/** The harness's own connections, direct and around the proxies, opened before any fault and closed with the run. */
import { Redis } from 'ioredis';
import pg from 'pg';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { QueryRunner } from '../contract/target.ts';

export interface AdminConnections extends AsyncDisposable {
  redis: Redis;
  sql: QueryRunner;
}

/**
 * @throws HarnessError REDIS_FAILED or POSTGRES_FAILED where one cannot be reached
 */
export async function openConnections(redisUrl: string, postgresUrl: string): Promise<AdminConnections> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: 5000,
    commandTimeout: 30_000,
    maxRetriesPerRequest: 1,
    connectionName: 'cachequake-admin',
  });
  redis.on('error', () => {
    // Every command tells its own error; the event must only not be unhandled.
  });
  const pool = new pg.Pool({
    connectionString: postgresUrl,
    max: 2,
    connectionTimeoutMillis: 5000,
    application_name: 'cachequake-probe',
  });
  pool.on('error', () => {});
  const close = async (): Promise<void> => {
    redis.disconnect();
    await pool.end();
  };
  try {
    await redis.connect().catch((cause: unknown) => {
      throw new HarnessError('REDIS_FAILED', `Redis cannot be reached: ${messageOf(cause)}`, { cause });
    });
    await pool.query('SELECT 1').catch((cause: unknown) => {
      throw new HarnessError('POSTGRES_FAILED', `Postgres cannot be reached: ${messageOf(cause)}`, { cause });
    });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    redis,
    sql: {
      async query<R extends Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<R[]> {
        return (await pool.query<R>(text, values as unknown[] | undefined)).rows;
      },
    },
    [Symbol.asyncDispose]: close,
  };
}
