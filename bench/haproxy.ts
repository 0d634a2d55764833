/**
 * HAProxy (Debian) as a plain TCP proxy on one thread: what a good proxy written in C costs on this machine, beside
 * which one written in Node is to be judged.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchServer } from './servers/start-server.ts';

const READY_WITHIN_MS = 5_000;

/** Forwards to that port of the loopback; null where HAProxy is not installed. Rejects where it does not start. */
export async function startHaproxy(upstreamPort: number): Promise<BenchServer | null> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'cachequake-bench-'));
  const file = join(folder, 'haproxy.cfg');
  await writeFile(
    file,
    `global
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 1m
  timeout server 1m
listen redis
  bind 127.0.0.1:${port}
  server redis 127.0.0.1:${upstreamPort}
`,
  );
  const child = spawn('haproxy', ['-db', '-q', '-f', file], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<'missing' | 'ended'>((resolve) => {
    child.once('error', () => resolve('missing'));
    child.once('exit', () => resolve('ended'));
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true });
  };
  const over = new AbortController();
  void ended.then(() => over.abort());
  const outcome = await Promise.race([ended, answers(port, over.signal)]);
  if (outcome === 'ready') return { url: `tcp://127.0.0.1:${port}`, port, [Symbol.asyncDispose]: stop };
  await stop();
  if (outcome === 'missing') return null;
  throw new Error(`HAProxy ${outcome === 'late' ? 'did not listen in time' : 'ended before it listened'}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Dials until somebody listens or `over` is aborted, so that nothing dials on while others are measured. */
async function answers(port: number, over: AbortSignal): Promise<'ready' | 'late'> {
  const untilMs = performance.now() + READY_WITHIN_MS;
  while (performance.now() < untilMs && !over.aborted) {
    const socket = connect({ host: '127.0.0.1', port });
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return 'ready';
    await delay(20);
  }
  return 'late';
}
