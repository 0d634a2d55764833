/** A `redis-server` of our own for the tests of this folder: on a free port, without persistence, and stopped again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { HarnessError } from '../../harness/contract/errors.ts';

const SERVER = 'redis-server';
const FIRST_PORT = 20_000;
const PORTS = 20_000;

export interface RedisProcess extends AsyncDisposable {
  readonly url: string;
  /** Stops the process where it stands; connections stay open, nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Kills it; new connections are refused until {@link restart}. */
  stop(): Promise<void>;
  /** Kills it and starts an empty one on the same port. */
  restart(): Promise<void>;
}

/** Starts on `port`; resolves to null when the port is taken. */
async function startOn(port: number): Promise<ChildProcess | null> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn(SERVER, options, { stdio: ['ignore', 'pipe', 'ignore'] });
  const failed = once(child, 'error').then(([cause]) => {
    throw new HarnessError('REDIS_MISSING', `${SERVER} cannot be started`, {
      hint: 'install it: apt-get install redis-server',
      cause,
    });
  });
  const ready = (async () => {
    let text = '';
    for await (const chunk of child.stdout) {
      text += String(chunk);
      if (text.includes('Ready to accept connections')) return true;
    }
    return false;
  })();
  if (await Promise.race([ready, failed])) {
    failed.catch(() => {});
    return child;
  }
  return null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Tries random ports until the server can bind one. */
export async function startRedisProcess(): Promise<RedisProcess> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    let child = await startOn(port);
    if (!child) continue;
    return {
      url: `redis://127.0.0.1:${port}`,
      freeze: () => void child?.kill('SIGSTOP'),
      thaw: () => void child?.kill('SIGCONT'),
      async stop() {
        if (child) await stop(child);
      },
      async restart() {
        if (child) await stop(child);
        for (let again = 0; again < 20; again++) {
          child = await startOn(port);
          if (child) return;
          await delay(50);
        }
        throw new HarnessError('REDIS_FAILED', `redis-server does not start again on port ${port}`);
      },
      async [Symbol.asyncDispose]() {
        if (child) await stop(child);
      },
    };
  }
  throw new HarnessError('REDIS_FAILED', 'redis-server found no free port in 20 attempts');
}
