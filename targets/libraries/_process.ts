/** Starts and asks the worker processes, and breaks Redis for them. A worker that ends by itself fails its calls. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { messageOf } from '../../harness/contract/errors.ts';
import { entryPoint } from '../../harness/kit/package-root.ts';
import type { RedisProcess } from '../stores/_redis-process.ts';
import type { FromWorker, RedisAction, ToWorker, WorkerMethods } from './_messages.ts';

/** The last lines of a process's error output that are kept, characters. */
const KEPT_STDERR = 2000;

/** The worker ended although nobody ended it: the subject threw outside of every call. */
export class WorkerEnded extends Error {
  override readonly name = 'WorkerEnded';
}

export interface WorkerProcess extends AsyncDisposable {
  /** Rejects with {@link WorkerEnded} where the process ends, otherwise as the method does. */
  call<M extends keyof WorkerMethods>(method: M, args: Parameters<WorkerMethods[M]>[0]): ReturnType<WorkerMethods[M]>;
}

async function breakRedis(redis: RedisProcess, action: RedisAction): Promise<void> {
  if (action === 'freeze') redis.freeze();
  else if (action === 'thaw') redis.thaw();
  else if (action === 'stop') await redis.stop();
  else await redis.restart();
}

/** The line that says what was thrown, without the stack and the paths of this machine. */
function lastError(stderr: string): string {
  const line = stderr.split('\n').find((text) => /^\s*(?:\w*Error|\[?\w*Error\b|.*\bError:)/.test(text));
  return line?.trim().slice(0, 160) ?? 'it said nothing';
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/**
 * Starts a worker; disposing of it kills it.
 *
 * @param redis what its cases may break
 * @param signal kills it too
 */
export async function startWorker(redis: RedisProcess, signal: AbortSignal): Promise<WorkerProcess> {
  signal.throwIfAborted();
  const child = fork(entryPoint('targets/libraries/_worker'), [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const onAbort = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', onAbort);
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => (stderr = (stderr + text.toString()).slice(0, KEPT_STDERR)));
  const calls = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  let numbered = 0;
  const ready = Promise.withResolvers<void>();
  const tell = (message: ToWorker): void => void child.send(message, () => {});
  child.on('message', (message: FromWorker) => {
    if ('ready' in message) return ready.resolve();
    if ('redis' in message) {
      breakRedis(redis, message.action).then(
        () => tell({ redisDone: message.redis, error: null }),
        (error: unknown) => tell({ redisDone: message.redis, error: messageOf(error) }),
      );
      return;
    }
    const waiting = calls.get(message.answer);
    calls.delete(message.answer);
    if ('error' in message) waiting?.reject(new Error(message.error));
    else waiting?.resolve(message.result);
  });
  child.once('close', () => {
    signal.removeEventListener('abort', onAbort);
    const error = new WorkerEnded(`the process ended: ${lastError(stderr)}`);
    ready.reject(error);
    for (const { reject } of calls.values()) reject(error);
    calls.clear();
  });
  await ready.promise;
  return {
    call: (method, args) =>
      new Promise((resolve, reject) => {
        if (!child.connected) return reject(new WorkerEnded(`the process ended: ${lastError(stderr)}`));
        const call = (numbered += 1);
        calls.set(call, { resolve, reject });
        tell({ call, method, args });
      }) as ReturnType<WorkerMethods[typeof method]>,
    [Symbol.asyncDispose]: () => end(child),
  };
}
