/** Shards on real servers: one store for callers, a shard that dies, and shards that come and go. */
import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RESHARD_APPLIED_KEY, RESHARD_KEY } from '../../harness/contract/reshard.ts';
import { realClock } from '../../harness/kit/clock.ts';
import { storeCases } from '../conformance/store-cases.ts';
import { PLACEMENTS } from './_placement.ts';
import { type RedisProcess, startRedisProcess } from './_redis-process.ts';
import { createRedisClient } from './redis.ts';
import redisShards, { createShardStore, type ShardStore } from './redis-shards.ts';

const TIMEOUT_MS = 300;
const NAMES = ['shard-1', 'shard-2', 'shard-3'];
let main: RedisProcess;
let servers: RedisProcess[];
let client: Redis;
let clients: Redis[];
let cases = 0;

beforeAll(async () => {
  [main, ...servers] = await Promise.all([startRedisProcess(), ...NAMES.map(() => startRedisProcess())]);
  const all = [main, ...servers].map(({ url }) => createRedisClient(url, TIMEOUT_MS));
  await Promise.all(all.map((one) => once(one, 'ready')));
  client = all[0]!;
  clients = all.slice(1);
});

afterAll(async () => {
  for (const one of [client, ...clients]) one.disconnect();
  await Promise.all([main, ...servers].map((server) => server[Symbol.asyncDispose]()));
});

function open(rule: (typeof PLACEMENTS)[number], active = 2, prefix = `case-${(cases += 1)}:`): ShardStore {
  return createShardStore(client, clients, { rule, points: 160, names: NAMES, active, prefix });
}

const entryOf = (key: string, version = 1) => ({
  key,
  value: 'x',
  version,
  storedAtMs: 0,
  expiresAtMs: 1e15,
  recomputeMs: 1,
});
const KEEP = { keepMs: 60_000 };
const KEYS = Array.from({ length: 600 }, (_, i) => `product:${i}`);

async function present(store: ShardStore): Promise<boolean[]> {
  return Promise.all(KEYS.map(async (key) => (await store.get(key)) !== null));
}
const share = (list: readonly boolean[]): number => list.filter(Boolean).length / list.length;

for (const rule of PLACEMENTS)
  describe(rule, () => {
    for (const { name, run } of storeCases) test(name, () => run(open(rule), realClock));
  });

test.each([
  ['modulo', 2 / 3],
  ['consistent', 1 / 3],
] as const)(
  'a third shard takes the place of %s keys: they miss, and are there again without it',
  async (rule, gone) => {
    const store = open(rule);
    await Promise.all(KEYS.map((key) => store.set(entryOf(key), KEEP)));
    expect(share(await present(store))).toBe(1);
    expect(Math.abs(store.reshard(3) - gone)).toBeLessThan(0.12);
    expect(Math.abs(1 - share(await present(store)) - gone)).toBeLessThan(0.12);
    store.reshard(2);
    expect(share(await present(store))).toBe(1);
  },
);

test('known failure: what moves away and back brings an old value that no invalidation has reached', async () => {
  const store = open('consistent');
  await Promise.all(KEYS.map((key) => store.set(entryOf(key, 1), KEEP)));
  store.reshard(3);
  await Promise.all(KEYS.map((key) => store.delete(key)));
  await Promise.all(KEYS.map((key) => store.set(entryOf(key, 2), KEEP)));
  store.reshard(2);
  const versions = await Promise.all(KEYS.map(async (key) => (await store.get(key))?.version));
  const old = versions.filter((version) => version === 1).length / KEYS.length;
  expect(old).toBeGreaterThan(0.2);
  expect(old).toBeLessThan(0.47);
});

test('known failure: a lock on the old shard does not keep anybody out on the new one', async () => {
  const store = open('modulo');
  await Promise.all(KEYS.map((key) => store.lock(key, 'a', 60_000)));
  store.reshard(3);
  const second = await Promise.all(KEYS.map((key) => store.lock(key, 'b', 60_000)));
  expect(share(second)).toBeCloseTo(2 / 3, 1);
});

test('instances hear of a new number of shards over the one Redis, and tell what has moved', async () => {
  const opened = await redisShards.open({
    redis: client,
    servers: Object.fromEntries(NAMES.map((name, i) => [name, servers[i]!.url])),
    timeoutMs: TIMEOUT_MS,
    clock: realClock,
    log: { info: () => {}, warn: () => {} },
    instance: 'shop-7',
    parameters: redisShards.parameters.parse({ placement: 'modulo', shards: 2, spares: 1 }),
  });
  try {
    await client.set(RESHARD_KEY, '3');
    await expect.poll(() => client.hget(RESHARD_APPLIED_KEY, 'shop-7'), { timeout: 3000 }).not.toBe(null);
    const applied = JSON.parse((await client.hget(RESHARD_APPLIED_KEY, 'shop-7'))!) as Record<string, number>;
    expect(applied['shards']).toBe(3);
    expect(applied['movedShare']).toBeCloseTo(2 / 3, 1);
  } finally {
    await opened.close();
  }
});

test('a dead shard takes its own keys with it and no others', async () => {
  const store = open('consistent', 3);
  await Promise.all(KEYS.map((key) => store.set(entryOf(key), KEEP)));
  await servers[1]!.stop();
  const answers = await Promise.allSettled(KEYS.map((key) => store.get(key)));
  const failed = answers.filter((one) => one.status === 'rejected').length / KEYS.length;
  expect(failed).toBeGreaterThan(0.2);
  expect(failed).toBeLessThan(0.47);
  const answered = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect(answered.every((entry) => entry !== null)).toBe(true);
});
