/** The harness's own connections, direct and around the proxies, opened before any fault and closed with the run. */
import { Redis } from 'ioredis';
import pg from 'pg';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { QueryRunner } from '../contract/target.ts';

export interface AdminConnections extends AsyncDisposable {
  /** Null where the run has no Redis of ours. */
  redis: Redis | null;
  /** Rejects every query where the run has no Postgres of ours. */
  sql: QueryRunner;
}

/**
 * @param redisUrl null where there is none; the same for `postgresUrl`
 * @throws HarnessError REDIS_FAILED or POSTGRES_FAILED where one cannot be reached
 */
export async function openConnections(redisUrl: string | null, postgresUrl: string | null): Promise<AdminConnections> {
  const redis = redisUrl === null ? null : openRedis(redisUrl);
  const pool = postgresUrl === null ? null : openPool(postgresUrl);
  const close = async (): Promise<void> => {
    redis?.disconnect();
    await pool?.end();
  };
  try {
    await redis?.connect().catch((cause: unknown) => {
      throw new HarnessError('REDIS_FAILED', `Redis cannot be reached: ${messageOf(cause)}`, { cause });
    });
    await pool?.query('SELECT 1').catch((cause: unknown) => {
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
        if (pool === null) throw new HarnessError('BAD_PLAN', 'this run has no Postgres of ours to ask');
        return (await pool.query<R>(text, values as unknown[] | undefined)).rows;
      },
    },
    [Symbol.asyncDispose]: close,
  };
}

function openRedis(url: string): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5000,
    commandTimeout: 30_000,
    maxRetriesPerRequest: 1,
    connectionName: 'cachequake-admin',
  });
  redis.on('error', () => {
    // Every command tells its own error; the event must only not be unhandled.
  });
  return redis;
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 2,
    connectionTimeoutMillis: 5000,
    application_name: 'cachequake-probe',
  });
  pool.on('error', () => {});
  return pool;
}
