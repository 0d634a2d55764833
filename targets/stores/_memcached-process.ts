/** A `memcached` of our own for the tests of this folder: on a free port, and stopped again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { HarnessError } from '../../harness/contract/errors.ts';

const FIRST_PORT = 20_000;
const PORTS = 20_000;
const READY_MS = 3000;

export interface MemcachedProcess extends AsyncDisposable {
  readonly url: string;
  /** Stops the process where it stands; connections stay open, nothing is answered. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
  /** Starts an empty one on the same port; the one before must have been stopped. */
  restart(): Promise<void>;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write('mn\r\n');
    const [bytes] = (await once(socket, 'data', { signal: AbortSignal.timeout(500) })) as [Buffer];
    return bytes.toString().startsWith('MN');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Null where the port is taken. */
async function startOn(port: number): Promise<ChildProcess | null> {
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : [];
  const args = ['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', '64', ...user];
  const child = spawn('memcached', args, { stdio: 'ignore' });
  await once(child, 'spawn').catch((cause: unknown) => {
    throw new HarnessError('MEMCACHED_MISSING', 'memcached cannot be started', {
      hint: 'install it: apt-get install memcached',
      cause,
    });
  });
  const until = Date.now() + READY_MS;
  while (child.exitCode === null && Date.now() < until) {
    await delay(30);
    if (child.exitCode === null && (await answers(port))) return child;
  }
  await stop(child);
  return null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Tries random ports until the server can bind one. */
export async function startMemcachedProcess(): Promise<MemcachedProcess> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    let child = await startOn(port);
    if (!child) continue;
    const end = async (): Promise<void> => {
      if (child) await stop(child);
    };
    return {
      url: `memcached://127.0.0.1:${port}`,
      freeze: () => void child?.kill('SIGSTOP'),
      thaw: () => void child?.kill('SIGCONT'),
      stop: end,
      async restart() {
        child = await startOn(port);
        if (!child) throw new HarnessError('MEMCACHED_FAILED', `memcached does not start again on port ${port}`);
      },
      [Symbol.asyncDispose]: end,
    };
  }
  throw new HarnessError('MEMCACHED_FAILED', 'memcached found no free port in 20 attempts');
}
