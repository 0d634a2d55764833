/**
 * What the embedded Toxiproxy costs: Redis GET through it, through a bare pipe of Node, through HAProxy and directly, in
 * turns within one run, so that other work on the machine falls on all. One connection tells the time added to a
 * request, thirty tell the throughput; the bare pipe tells what of it any proxy in Node would cost on this machine, and
 * HAProxy what one in C does. The harness lets its proxy reach local servers through Unix sockets; that way is what is
 * judged, and TCP stands beside it.
 * Alone: `node bench/proxy.ts`.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HarnessError } from '../harness/contract/errors.ts';
import { entryPoint } from '../harness/kit/package-root.ts';
import { connectToxiproxy } from '../harness/toxiproxy/control.ts';
import type { BenchResult } from './result.ts';
import { startHaproxy } from './haproxy.ts';
import { thisMachine } from './result.ts';
import { startServer } from './servers/start-server.ts';

const GOAL_ADDED_US = 100;
const GOAL_GETS_PER_SEC = 25_000;
/** Many short rounds: other work on the machine comes in bursts, and has to fall on all ways alike. */
const SINGLE_ROUNDS = 41;
/** Requests of one round on one connection. */
const SINGLE_REQUESTS = 500;
const WARM_REQUESTS = 3000;
const MANY_ROUNDS = 11;
/** Requests of one round on thirty connections. */
const MANY_REQUESTS = 40_000;
const CONNECTIONS = 30;

const REDIS_SERVER = process.env['REDIS_SERVER'] ?? 'redis-server';
const REDIS_BENCHMARK = process.env['REDIS_BENCHMARK'] ?? 'redis-benchmark';

type Way = 'direct' | 'haproxy' | 'pipe' | 'tcp' | 'proxied';
const NAMES: Record<Way, string> = {
  direct: 'direct',
  haproxy: 'HAProxy, one thread',
  pipe: 'bare pipe of Node',
  tcp: 'embedded Toxiproxy, TCP to Redis',
  proxied: 'embedded Toxiproxy, Unix socket to Redis',
};

const KEY = 'bench:proxy';
const VALUE = 'x'.repeat(100);

const empty = (): Record<Way, number[]> => ({ direct: [], haproxy: [], pipe: [], tcp: [], proxied: [] });

/** Waits for a line of output that fits; null when the process ends first. */
async function lineOf(child: ChildProcess, fits: (line: string) => boolean): Promise<string | null> {
  if (!child.stdout) return null;
  for await (const line of createInterface({ input: child.stdout })) if (fits(line)) return line;
  return null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 3000);
  await exited;
  clearTimeout(late);
}

/** A Redis of our own: a random port, and another one when that is taken. */
async function startRedis(socket: string): Promise<{ port: number; child: ChildProcess }> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const child = spawn(
      REDIS_SERVER,
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--unixsocket', socket],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const failed = once(child, 'error').then(([cause]: unknown[]) => {
      throw new HarnessError('REDIS_MISSING', `${REDIS_SERVER} cannot be started`, {
        hint: 'install it, on Debian with: apt-get install redis-server',
        cause,
      });
    });
    const ready = await Promise.race([lineOf(child, (line) => line.includes('Ready to accept connections')), failed]);
    failed.catch(() => {});
    if (ready !== null) return { port, child };
  }
  throw new HarnessError('REDIS_FAILED', 'redis-server found no free port in twenty attempts');
}

async function startProxy(): Promise<{ port: number; child: ChildProcess }> {
  const child = spawn(process.execPath, [entryPoint('harness/toxiproxy/main')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await lineOf(child, (text) => text.includes('"cachequake":"ready"'));
  if (line === null) throw new HarnessError('PROXY_FAILED', 'the embedded Toxiproxy ended before it was ready');
  return { port: (JSON.parse(line) as { port: number }).port, child };
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

const GET = Buffer.from(command('GET', KEY));
const ANSWER_BYTES = `$${VALUE.length}\r\n${VALUE}\r\n`.length;

/** Sends GETs one after the other; calls `each` with the time of every one in µs. */
function pingPong(socket: Socket, requests: number, each: (us: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = requests;
    let missing = ANSWER_BYTES;
    let sentAtMs = performance.now();
    const onData = (data: Buffer): void => {
      missing -= data.length;
      if (missing > 0) return;
      const nowMs = performance.now();
      each((nowMs - sentAtMs) * 1000);
      if (--left === 0) {
        socket.off('data', onData).off('error', reject);
        resolve();
        return;
      }
      missing = ANSWER_BYTES;
      sentAtMs = nowMs;
      socket.write(GET);
    };
    socket.on('data', onData).once('error', reject);
    socket.write(GET);
  });
}

/** Throughput over many connections, measured by redis-benchmark, or by a client of our own where it is missing. */
async function getsPerSec(port: number): Promise<{ perSec: number; tool: string }> {
  const args = ['-p', String(port), '-c', String(CONNECTIONS), '-n', String(MANY_REQUESTS), '--csv', 'GET', KEY];
  const child = spawn(REDIS_BENCHMARK, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const missing = once(child, 'error').then(() => 'missing' as const);
  let row: string | null = null;
  const read = lineOf(child, (line) => {
    const cells = line.split('","');
    if (cells.length > 1 && Number.isFinite(Number(cells[1]))) row = cells[1] ?? null;
    return false;
  });
  missing.catch(() => {});
  if ((await Promise.race([missing, read])) !== 'missing' && row !== null)
    return { perSec: Number(row), tool: 'redis-benchmark' };

  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => dial(port)));
  const fromMs = performance.now();
  await Promise.all(sockets.map((socket) => pingPong(socket, Math.ceil(MANY_REQUESTS / CONNECTIONS), () => {})));
  const perSec = MANY_REQUESTS / ((performance.now() - fromMs) / 1000);
  for (const socket of sockets) socket.destroy();
  return { perSec, tool: 'own client' };
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Measures the embedded proxy against a direct connection; starts and stops its own Redis and proxy. */
export async function benchProxy(): Promise<BenchResult> {
  const startedAt = new Date().toISOString();
  const children: ChildProcess[] = [];
  const sockets: Socket[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'cachequake-bench-'));
  const unixSocket = join(folder, 'redis.sock');
  try {
    const redis = await startRedis(unixSocket);
    children.push(redis.child);
    const toxiproxy = await startProxy();
    children.push(toxiproxy.child);
    const control = connectToxiproxy(`http://127.0.0.1:${toxiproxy.port}`);
    const proxyTo = async (name: string, upstream: string): Promise<number> =>
      Number((await control.create({ name, listen: '127.0.0.1:0', upstream })).listen.split(':')[1]);
    await using pipe = await startServer('pipe', [String(redis.port)]);
    await using haproxy = await startHaproxy(redis.port);
    const ports = new Map<Way, number>([
      ['direct', redis.port],
      ...(haproxy ? [['haproxy', haproxy.port] as const] : []),
      ['pipe', pipe.port],
      ['tcp', await proxyTo('tcp', `127.0.0.1:${redis.port}`)],
      ['proxied', await proxyTo('unix', `unix:${unixSocket}`)],
    ]);
    const ways = [...ports.keys()];

    for (const port of ports.values()) sockets.push(await dial(port));
    sockets[0]!.write(command('SET', KEY, VALUE));
    await once(sockets[0]!, 'data');

    const us = empty();
    const p50Us = empty();
    for (const socket of sockets) await pingPong(socket, WARM_REQUESTS, () => {});
    for (let round = 0; round < SINGLE_ROUNDS; round++)
      for (const [i, way] of ways.entries()) {
        const ofRound: number[] = [];
        await pingPong(sockets[i]!, SINGLE_REQUESTS, (value) => ofRound.push(value));
        us[way].push(...ofRound);
        p50Us[way].push(median(ofRound));
      }

    const perSec = empty();
    let tool = '';
    await getsPerSec(ports.get('proxied')!);
    for (let round = 0; round < MANY_ROUNDS; round++)
      for (const [way, port] of ports) {
        const measured = await getsPerSec(port);
        perSec[way].push(measured.perSec);
        tool = measured.tool;
      }

    const addedUs = (way: Way): number => median(p50Us[way].map((p50, round) => p50 - (p50Us.direct[round] ?? NaN)));
    const throughput = median(perSec.proxied);
    const shareOf = (one: Way, other: Way): number =>
      median(perSec[one].map((value, round) => value / (perSec[other][round] ?? Number.NaN)));
    return {
      name: 'proxy',
      title: `Redis GET directly, through other proxies and through the embedded Toxiproxy, in turns (${SINGLE_ROUNDS} and ${MANY_ROUNDS} rounds, ${tool})`,
      startedAt,
      machine: thisMachine(),
      rows: ways.map((way) => ({
        way: NAMES[way],
        'p50 µs, 1 connection': Math.round(median(us[way])),
        'added µs': way === 'direct' ? '' : Math.round(addedUs(way)),
        'p99 µs, 1 connection': Math.round(quantile(us[way], 0.99)),
        'GET/s, 30 connections': Math.round(median(perSec[way])),
        'lowest round': Math.round(Math.min(...perSec[way])),
        'highest round': Math.round(Math.max(...perSec[way])),
        'share of direct': shareOf(way, 'direct').toFixed(2),
      })),
      goals: [
        {
          goal: `less than ${GOAL_ADDED_US} µs added to the median request, median of the rounds`,
          measured: `${addedUs('proxied').toFixed(0)} µs; a bare pipe adds ${addedUs('pipe').toFixed(0)} µs${haproxy ? `, HAProxy ${addedUs('haproxy').toFixed(0)} µs` : ''}`,
          met: addedUs('proxied') < GOAL_ADDED_US,
        },
        {
          goal: `at least ${GOAL_GETS_PER_SEC} GET/s over ${CONNECTIONS} connections`,
          measured: `${Math.round(throughput)} GET/s, ${shareOf('proxied', 'direct').toFixed(2)} of direct, ${shareOf('proxied', 'pipe').toFixed(2)} of a bare pipe${haproxy ? `, ${shareOf('proxied', 'haproxy').toFixed(2)} of HAProxy` : ''}`,
          met: throughput >= GOAL_GETS_PER_SEC,
        },
      ],
    };
  } finally {
    for (const socket of sockets) socket.destroy();
    for (const child of children) await stop(child);
    await rm(folder, { recursive: true });
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await benchProxy(), null, 2)}\n`);
