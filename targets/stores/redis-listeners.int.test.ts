import { once } from 'node:events';
import { type Server, type Socket, connect, createServer } from 'node:net';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Subscription } from '../../harness/contract/store.ts';
import { createRedisClient, createRedisStore } from './redis.ts';
import { type RedisProcess, startRedisProcess } from './_redis-process.ts';

const WAYS = ['subscribe', 'track'] as const;
let server: RedisProcess;
let direct: Redis;
const closers: (() => Promise<unknown> | void)[] = [];

beforeAll(async () => {
  server = await startRedisProcess();
  direct = createRedisClient(server.url, 500);
  await once(direct, 'ready');
});

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
  direct.disconnect();
  await server[Symbol.asyncDispose]();
});

/** A wire that can be cut (connections closed) or blocked (nothing passes, nobody is told). */
async function openWire(): Promise<{ url: string; cut(): void; block(on: boolean): void }> {
  const sockets = new Set<Socket>();
  let blocked = false;
  const wire: Server = createServer((client) => {
    const upstream = connect(Number(new URL(server.url).port), '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => {
        if (!blocked) to.write(chunk);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  closers.push(async () => {
    cut();
    wire.close();
  });
  const address = wire.address() as { port: number };
  return { url: `redis://127.0.0.1:${address.port}`, cut, block: (on) => void (blocked = on) };
}

/** A listener on a wire of its own, and a store beside it that changes things. */
async function listening(way: (typeof WAYS)[number], prefix: string) {
  const wire = await openWire();
  const client = createRedisClient(wire.url, 500);
  await once(client, 'ready');
  const heard: string[] = [];
  const subscription: Subscription = await createRedisStore(client, { prefix })[way]!({
    invalidated: (key) => void heard.push(key),
    lost: () => void heard.push('LOST'),
    restored: () => void heard.push('RESTORED'),
  });
  closers.push(() => client.disconnect());
  closers.push(() => subscription.close());
  return { wire, heard, subscription, other: createRedisStore(direct, { prefix }) };
}

const entry = (key: string) => ({ key, value: 1, version: 1, storedAtMs: 0, expiresAtMs: 1e15, recomputeMs: 1 });
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5000, interval: 10 });

test('tracking tells of sets, deletes, tombstones and expiries of entries, and of nothing else', async () => {
  const { heard, other } = await listening('track', 'tracked:');
  const changes: [() => Promise<unknown>, string[]][] = [
    [() => other.set(entry('a,b'), { keepMs: 60_000 }), ['a,b']],
    [() => other.set(entry('c'), { keepMs: 60_000, ifNewer: true }), ['c']],
    [() => other.delete('c'), ['c']],
    [() => other.delete('d', { tombstone: { version: 3, keepMs: 60_000 } }), ['d']],
  ];
  for (const [change, expected] of changes) {
    heard.length = 0;
    await change();
    await eventually(() => expect(heard).toEqual(expected));
  }
  heard.length = 0;
  await other.lock('a,b', 'token', 1000);
  await other.get('a,b');
  await createRedisStore(direct, { prefix: 'another:' }).set(entry('z'), { keepMs: 1000 });
  await other.set(entry('short'), { keepMs: 50 });
  // Written once, expired once.
  await eventually(() => expect(heard).toEqual(['short', 'short']));
  await direct.flushall();
  await eventually(() => expect(heard).toEqual(['short', 'short', 'LOST', 'RESTORED']));
});

test.each(WAYS)('%s: a cut wire is a loss, and what comes after it was restored is heard again', async (way) => {
  const { wire, heard, other } = await listening(way, `cut-${way}:`);
  const change = async (key: string): Promise<void> => {
    await other.set(entry(key), { keepMs: 60_000 });
    await other.announce!(key);
  };
  await change('a');
  await eventually(() => expect(heard).toEqual(['a']));
  for (let round = 1; round <= 2; round++) {
    heard.length = 0;
    wire.cut();
    await eventually(() => expect(heard).toEqual(['LOST', 'RESTORED']));
    await change(`again-${round}`);
    await eventually(() => expect(heard).toEqual(['LOST', 'RESTORED', `again-${round}`]));
  }
});

test.each(WAYS)('%s: a wire that carries nothing, and that nobody closes, is a loss within 2 s', async (way) => {
  const { wire, heard } = await listening(way, `blocked-${way}:`);
  wire.block(true);
  const sinceMs = performance.now();
  await eventually(() => expect(heard[0]).toBe('LOST'));
  expect(performance.now() - sinceMs).toBeLessThan(3000);
  wire.block(false);
  await eventually(() => expect(heard.at(-1)).toBe('RESTORED'));
});

test('a listener that was closed is told nothing more', async () => {
  for (const way of WAYS) {
    const { wire, heard, subscription, other } = await listening(way, `closed-${way}:`);
    await subscription.close();
    wire.cut();
    await other.set(entry('a'), { keepMs: 1000 });
    await other.announce!('a');
    expect(heard).toEqual([]);
  }
});

test('where there is no server, listening rejects', async () => {
  const offline = createRedisClient('redis://127.0.0.1:1', 200);
  closers.push(() => offline.disconnect());
  for (const way of WAYS)
    await expect(createRedisStore(offline)[way]!({ invalidated() {}, lost() {} })).rejects.toThrow();
});
