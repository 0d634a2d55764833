/** Redis (or Valkey) as a local process from the machine's own server program, without persistence. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { StartContext } from '../contract/environment.ts';
import { runFolder } from '../kit/journal.ts';
import { bareEnvironment } from './bare-environment.ts';
import { findProgram } from './find-program.ts';
import { describeExit, type Keeper, type KeptProcess } from './keeper.ts';
import { lastLines } from './log-tail.ts';
import { PORT_ATTEMPTS, randomPort } from './random-port.ts';
import type { Teardown } from './teardown.ts';
import { unixUpstream } from './unix-socket.ts';

const run = promisify(execFile);
const READY_MS = 10_000;

/** How long a restart waits for its old port, should somebody have taken it for a moment. */
const SAME_PORT_MS = 3000;

export interface RedisProgram {
  file: string;
  /** For example `redis-server 7.0.15`. */
  title: string;
  major: number;
}

/**
 * The machine's `redis-server` or `valkey-server`.
 *
 * @throws HarnessError `REDIS_MISSING` with the command that installs it
 */
export async function findRedis(): Promise<RedisProgram> {
  for (const name of ['redis-server', 'valkey-server']) {
    const file = findProgram(name);
    if (file === null) continue;
    const version = /v=(\d+)(\.\S+)?/.exec((await run(file, ['--version'])).stdout);
    return { file, title: `${name} ${version?.[1] ?? '?'}${version?.[2] ?? ''}`, major: Number(version?.[1] ?? 0) };
  }
  throw new HarnessError('REDIS_MISSING', 'there is no redis-server or valkey-server on the PATH', {
    hint: `install it: ${INSTALL_REDIS}; or use --env docker`,
  });
}

/** The command that brings Redis to this kind of machine. */
export const INSTALL_REDIS =
  process.platform === 'darwin'
    ? 'brew install redis'
    : 'sudo apt-get install redis-server (Debian, Ubuntu), or your system’s package';

export interface LocalRedis {
  url: string;
  /** What a proxy in front of it dials. */
  upstream: string;
  version: string;
  /** The server that runs now; another one after a restart. */
  current(): KeptProcess;
  /** SHUTDOWN NOSAVE, then a fresh server on the same port. */
  restart(): Promise<void>;
}

function serverArguments(program: RedisProgram, port: number, folder: string): string[] {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  args.push('--dir', folder, '--maxclients', '4096');
  // Faults that block the server need DEBUG, which since Redis 7 must be enabled at start.
  if (program.major >= 7) args.push('--enable-debug-command', 'local');
  return args;
}

function replicaArguments(replicaOf: string | null): string[] {
  if (replicaOf === null) return [];
  const { hostname, port } = new URL(replicaOf);
  // Without a disk in between, and at once: what is measured is the lag of the stream, not of its beginning.
  return ['--replicaof', hostname, port, '--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0'];
}

/**
 * Starts Redis.
 *
 * @param drawPort the next port to try
 * @param options `name` in the journal and of its log; `replicaOf`: URL of the server that it follows
 * @throws HarnessError `REDIS_MISSING`, `REDIS_FAILED` with the last lines of its log
 */
export async function startLocalRedis(
  context: StartContext,
  keeper: Keeper,
  teardown: Teardown,
  drawPort = randomPort,
  { name = 'redis', replicaOf = null }: { name?: string; replicaOf?: string | null } = {},
): Promise<LocalRedis> {
  const program = await findRedis();
  const log = join(context.folder, `${name}.log`);
  const data = join(context.folder, `${name}-data`);
  // The stacks of a run that has several share its folder.
  const socket = join(runFolder(context.journal.runId), `${name}-${randomBytes(3).toString('hex')}.sock`);
  const upstream = unixUpstream(socket);
  let current: KeptProcess | null = null;
  teardown.add(`data of Redis ${name}`, () => rm(data, { recursive: true, force: true }));
  teardown.add(`Redis ${name}`, () => current?.stop('SIGTERM', 2000));

  /** @returns false where the port is taken */
  const startOn = async (port: number, signal: AbortSignal): Promise<boolean> => {
    let server: KeptProcess;
    // What a profile let it write to disk must not be read again: every start is a cold one.
    await rm(data, { recursive: true, force: true });
    await mkdir(data, { recursive: true });
    try {
      server = await keeper.start(name, {
        file: program.file,
        args: [
          ...serverArguments(program, port, data),
          ...(upstream === null ? [] : ['--unixsocket', socket, '--unixsocketperm', '700']),
          ...replicaArguments(replicaOf),
        ],
        env: bareEnvironment(),
        cwd: context.folder,
        log,
        orphanSignal: 'SIGKILL',
      });
    } catch (cause) {
      throw new HarnessError('REDIS_FAILED', `${program.file} cannot be started: ${messageOf(cause)}`, { cause });
    }
    current = server;
    const isReady = (output: string): true | null => (/Ready to accept connections/i.test(output) ? true : null);
    if (await server.waitForOutput(isReady, READY_MS, signal)) return true;
    const output = server.output();
    if (server.exit && /Address already in use/i.test(output)) return false;
    const what = server.exit ? describeExit(server.exit) : `was not ready after ${READY_MS / 1000} s`;
    throw new HarnessError('REDIS_FAILED', `${program.title} ${what}; its last words:\n${lastLines(output)}`, {
      hint: `the whole log: ${log}`,
    });
  };

  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
    context.signal.throwIfAborted();
    const port = drawPort();
    if (!(await startOn(port, context.signal))) continue;
    const url = `redis://127.0.0.1:${port}`;
    const restart = async (): Promise<void> => {
      const old = current;
      // Not the run's signal: a restart may be what heals a run that is being interrupted.
      const { signal } = new AbortController();
      if (old) await shutDown(url, old);
      const deadline = performance.now() + SAME_PORT_MS;
      while (!(await startOn(port, signal))) {
        if (performance.now() > deadline)
          throw new HarnessError(
            'REDIS_FAILED',
            `Redis cannot come back: port ${port} has been taken by somebody else`,
          );
        await delay(100);
      }
    };
    const running = (): KeptProcess => {
      if (!current) throw new HarnessError('INTERNAL', 'Redis was never started');
      return current;
    };
    return { url, upstream: upstream ?? new URL(url).host, version: program.title, current: running, restart };
  }
  throw new HarnessError('PORT_TAKEN', `none of ${PORT_ATTEMPTS} ports drawn for Redis was free`);
}

/** Ends the server by its own command; by force where it is frozen or lets nobody in. */
async function shutDown(url: string, server: KeptProcess): Promise<void> {
  const admin = new Redis(url, { lazyConnect: true, retryStrategy: null, connectTimeout: 500, commandTimeout: 1000 });
  admin.on('error', () => undefined);
  try {
    await admin.connect();
    await admin.call('SHUTDOWN', 'NOSAVE');
  } catch {
    // The server closes the connection instead of answering.
  } finally {
    admin.disconnect();
  }
  await Promise.race([server.exited, delay(500)]);
  await server.stop('SIGTERM', 500);
}
