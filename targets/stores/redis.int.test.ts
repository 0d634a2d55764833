import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { realClock } from '../../harness/kit/clock.ts';
import { storeCases } from '../conformance/store-cases.ts';
import { jsonCodec } from './_codec.ts';
import { codecFor, compressing } from './_compressing.ts';
import { createRedisClient, createRedisStore } from './redis.ts';
import { type RedisProcess, startRedisProcess } from './_redis-process.ts';

const TIMEOUT_MS = 200;
let server: RedisProcess;
let client: Redis;
let cases = 0;

beforeAll(async () => {
  server = await startRedisProcess();
  client = createRedisClient(server.url, TIMEOUT_MS);
  await once(client, 'ready');
});

afterAll(async () => {
  client.disconnect();
  await server[Symbol.asyncDispose]();
});

for (const { name, run } of storeCases)
  test(`compressed: ${name}`, () => {
    const codec = compressing(jsonCodec, { aboveBytes: 0 });
    return run(createRedisStore(client, { prefix: `compressed-${(cases += 1)}:`, codec }), realClock);
  });

test('a compressed value takes less than half of the memory, and is judged by scripts like any other', async () => {
  const value = Array.from({ length: 400 }, (_, i) => `review ${i * 7919} was helpful to ${i % 13} of ${i % 31}`);
  const large = { ...entry, value };
  const stores = [0, 1000].map((compressAboveBytes) => {
    const prefix = `size-${compressAboveBytes}:`;
    const parameters = { compressAboveBytes, compression: 'zstd', compressionMode: 'async' } as const;
    return { prefix, store: createRedisStore(client, { prefix, codec: codecFor(parameters) }) };
  });
  const sizes: number[] = [];
  for (const { prefix, store } of stores) {
    await store.set(large, { keepMs: 60_000 });
    sizes.push(Number(await client.memory('USAGE', `${prefix}entry:k`)));
    expect(await store.get('k')).toEqual(large);
    expect(await store.set(large, { keepMs: 60_000, ifNewer: true })).toBe(false);
    expect(await store.lease!('k', 'token', 1000, 0)).toEqual({ entry: large, granted: false });
    expect(await store.set({ ...large, version: 2 }, { keepMs: 60_000, ifNewer: true })).toBe(true);
  }
  expect(sizes[1]).toBeLessThan(sizes[0]! / 2);
});

const entry = { key: 'k', value: 'x', version: 1, storedAtMs: 0, expiresAtMs: 1e15, recomputeMs: 1 };

for (const { name, run } of storeCases)
  test(name, () => run(createRedisStore(client, { prefix: `case-${(cases += 1)}:` }), realClock));

test('what does not decode is taken as gone, and a conditional set replaces it', async () => {
  const store = createRedisStore(client, { prefix: 'bad:' });
  for (const text of ['garbage', '{"a":1}', '[1,2]', '']) {
    await client.set('bad:entry:k', text);
    expect(await store.get('k')).toBe(null);
    expect(await store.set(entry, { keepMs: 1000, ifNewer: true })).toBe(true);
  }
});

test('each method is one command of the client', async () => {
  const store = createRedisStore(client, { prefix: 'count:' });
  const lockToken = 'a';
  // The first use of a script may load it.
  await store.set(entry, { keepMs: 1000, ifNewer: true });
  await store.unlock('k', lockToken);
  const commands = async (): Promise<number> => {
    const stats = await client.info('commandstats');
    const calls = stats.matchAll(/^cmdstat_(get|set|del|evalsha|eval):calls=(\d+)/gm);
    return [...calls].reduce((sum, [, name, count]) => sum + (name!.startsWith('eval') ? 1e6 : 1) * Number(count), 0);
  };
  const cost = async (work: () => Promise<unknown>): Promise<number> => {
    const before = await commands();
    await work();
    return (await commands()) - before;
  };
  expect(await cost(() => store.get('k'))).toBe(1);
  expect(await cost(() => store.set(entry, { keepMs: 1000 }))).toBe(1);
  expect(await cost(() => store.delete('k'))).toBe(1);
  expect(await cost(() => store.lock('k', lockToken, 1000))).toBe(1);
  // Scripts: one EVALSHA, and what it calls inside the server.
  expect(await cost(() => store.set(entry, { keepMs: 1000, whileLockToken: lockToken }))).toBe(1e6 + 2);
  expect(await cost(() => store.unlock('k', lockToken))).toBe(1e6 + 2);
});

describe('under chaos', () => {
  const rejects = async (work: Promise<unknown>): Promise<number> => {
    const startedAtMs = performance.now();
    await expect(work).rejects.toThrow();
    return performance.now() - startedAtMs;
  };
  const recovers = async (work: () => Promise<unknown>): Promise<number> => {
    const startedAtMs = performance.now();
    for (;;) {
      try {
        await work();
        return performance.now() - startedAtMs;
      } catch {
        if (performance.now() - startedAtMs > 10_000) throw new Error('did not recover within 10 s');
        await realClock.sleep(10);
      }
    }
  };

  test('a frozen server fails commands within the time limit, and is used again once it answers', async () => {
    const store = createRedisStore(client, { prefix: 'frozen:' });
    await store.set(entry, { keepMs: 60_000 });
    server.freeze();
    try {
      const tookMs = await rejects(store.get('k'));
      expect(tookMs).toBeGreaterThan(TIMEOUT_MS * 0.9);
      expect(tookMs).toBeLessThan(TIMEOUT_MS * 5);
      // Long enough for the client to give the connection up.
      await realClock.sleep(1200);
    } finally {
      server.thaw();
    }
    expect(await recovers(() => store.get('k'))).toBeLessThan(3000);
    expect(await store.get('k')).toEqual(entry);
  });

  test('a server that was restarted empty is found again, scripts included', async () => {
    const store = createRedisStore(client, { prefix: 'restarted:' });
    await store.set(entry, { keepMs: 60_000, ifNewer: true });
    await server.restart();
    expect(await recovers(() => store.set(entry, { keepMs: 60_000, ifNewer: true }))).toBeLessThan(3000);
    expect(await store.get('k')).toEqual(entry);
  });

  test('without a connection commands fail at once and are not queued', async () => {
    const offline = createRedisClient('redis://127.0.0.1:1', TIMEOUT_MS);
    try {
      expect(await rejects(offline.get('k'))).toBeLessThan(TIMEOUT_MS);
    } finally {
      offline.disconnect();
    }
  });
});
