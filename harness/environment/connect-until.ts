/** Connects to Redis and Postgres until they answer: a container's port is open before its server is ready. */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Client } from 'pg';

/** How long a server may take from the start of its container to its first answer. */
const READY_MS = 60_000;
const CONNECT_MS = 2000;

/**
 * Tries until it works, time is up, or trying is of no use.
 *
 * @throws Error of the last attempt
 */
async function retry<T>(
  attempt: () => Promise<T>,
  timeoutMs: number,
  hopeless: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline || (await hopeless())) throw error;
      await delay(50, undefined, { signal });
    }
  }
}

export interface ConnectOptions {
  url: string;
  signal: AbortSignal;
  /** True when the server has ended, so that waiting is of no use. */
  hopeless?: () => Promise<boolean>;
  /** Default 60 s; 0 for a single attempt. */
  timeoutMs?: number;
}

const never = (): Promise<boolean> => Promise.resolve(false);

/** The version of a Memcached that answers, for example `Memcached 1.6.18`. */
export function memcachedVersion({
  url,
  signal,
  hopeless = never,
  timeoutMs = READY_MS,
}: ConnectOptions): Promise<string> {
  const attempt = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const socket = connect({ host: hostname, port: Number(port), timeout: CONNECT_MS });
      socket.setEncoding('utf8');
      socket.once('connect', () => socket.write('version\r\n'));
      socket.once('data', (text: string) => {
        const version = /^VERSION (\S+)/.exec(text)?.[1];
        socket.destroy();
        if (version === undefined) reject(new Error(`it answered ${text.slice(0, 40)}`));
        else resolve(`Memcached ${version}`);
      });
      socket.once('timeout', () => socket.destroy(new Error('no answer')));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the connection was closed')));
    });
  return retry(attempt, timeoutMs, hopeless, signal);
}

/** The version of a Redis that answers, for example `Redis 7.4.1` or `Valkey 8.0.0`. */
export function redisVersion({ url, signal, hopeless = never, timeoutMs = READY_MS }: ConnectOptions): Promise<string> {
  const attempt = async (): Promise<string> => {
    let trouble: Error | undefined;
    const redis = new Redis(url, {
      lazyConnect: true,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
      connectTimeout: CONNECT_MS,
      commandTimeout: CONNECT_MS,
      enableReadyCheck: false,
    });
    redis.on('error', (error: Error) => {
      trouble = error;
    });
    try {
      await redis.connect();
      const info = await redis.info('server');
      const valkey = /^valkey_version:(\S+)/m.exec(info)?.[1];
      return valkey === undefined
        ? `Redis ${/^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown'}`
        : `Valkey ${valkey}`;
    } catch (error) {
      // "Connection is closed." says nothing; the reason came as an event.
      throw trouble ?? error;
    } finally {
      redis.disconnect();
    }
  };
  return retry(attempt, timeoutMs, hopeless, signal);
}

/** Lets replicas in from anywhere: images allow every database, and `all` means no replication. */
export async function allowReplication(url: string): Promise<void> {
  const sql = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  sql.on('error', () => undefined);
  try {
    await sql.connect();
    const { rows } = await sql.query<{ hba_file: string }>('SHOW hba_file');
    const program = `cat >> "${rows[0]!.hba_file}"`;
    await sql.query(`COPY (SELECT 'host replication all all scram-sha-256') TO PROGRAM '${program}'`);
    await sql.query('SELECT pg_reload_conf()');
  } finally {
    await sql.end().catch(() => undefined);
  }
}

/**
 * The version of a Postgres that answers, for example `PostgreSQL 18.4`; creates pg_stat_statements where it can.
 *
 * @returns also why the extension cannot be read, null where it can
 */
export function postgresVersion({
  url,
  signal,
  hopeless = never,
  timeoutMs = READY_MS,
}: ConnectOptions): Promise<{ version: string; statementsProblem: string | null }> {
  const attempt = async (): Promise<{ version: string; statementsProblem: string | null }> => {
    const sql = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
    sql.on('error', () => undefined);
    try {
      await sql.connect();
      const { rows } = await sql.query<{ server_version: string }>('SHOW server_version');
      let statementsProblem: string | null = null;
      try {
        await sql.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
        await sql.query('SELECT 1 FROM pg_stat_statements LIMIT 1');
      } catch (error) {
        statementsProblem = error instanceof Error ? error.message : String(error);
      }
      return { version: `PostgreSQL ${rows[0]?.server_version.split(' ')[0] ?? 'unknown'}`, statementsProblem };
    } finally {
      await sql.end().catch(() => undefined);
    }
  };
  return retry(attempt, timeoutMs, hopeless, signal);
}
