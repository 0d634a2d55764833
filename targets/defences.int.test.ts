/** The same suite as in virtual time, on the real clock and a real Redis, each instance-wide store on one connection. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Defence, LoadEvent } from '../harness/contract/defence.ts';
import { realClock } from '../harness/kit/clock.ts';
import { loadModules } from '../harness/kit/load-modules.ts';
import { seededRandom } from '../harness/kit/random.ts';
import { conformanceCases } from './conformance.ts';
import { createDatabase, type Row, type World } from './conformance/world.ts';
import { createReader } from './reader/create-reader.ts';
import { createRedisClient, createRedisStore } from './stores/redis.ts';
import { type RedisProcess, startRedisProcess } from './stores/_redis-process.ts';

const defences = await loadModules<Defence>(fileURLToPath(new URL('defences/', import.meta.url)), 'defence');
const TIMEOUT_MS = 250;
const clients: Redis[] = [];
let server: RedisProcess;
let worlds = 0;

async function connect(): Promise<Redis> {
  const client = createRedisClient(server.url, TIMEOUT_MS);
  clients.push(client);
  await once(client, 'ready');
  return client;
}

beforeAll(async () => {
  server = await startRedisProcess();
  await connect();
});

afterAll(async () => {
  for (const client of clients) client.disconnect();
  await server[Symbol.asyncDispose]();
});

async function openRealWorld(): Promise<World> {
  return {
    clock: realClock,
    store: createRedisStore(clients[0]!, { prefix: `world-${(worlds += 1)}:` }),
    finish: (work) => work,
    recomputeMs: 60,
    ttlMs: 1000,
    [Symbol.asyncDispose]: async () => {},
  };
}

for (const defence of defences.values())
  describe.concurrent(defence.id, () => {
    for (const { name, run } of conformanceCases(defence, { open: openRealWorld })) test(name, run);
  });

/** Readers that share nothing but the server: each has its own connection. */
async function separateReaders(ids: string[], instances: number, prefix: string) {
  const database = createDatabase(realClock, 100);
  database.put('product:1', 1);
  const loads: LoadEvent[] = [];
  const stack = ids.map((id) => ({ defence: defences.get(id)!, parameters: {} }));
  const readers = [];
  for (let i = 0; i < instances; i++)
    readers.push(
      createReader<Row>({
        stack,
        store: createRedisStore(await connect(), { prefix }),
        clock: realClock,
        random: seededRandom(1, `instance-${i}`),
        log: { info() {}, warn() {} },
        instance: `instance-${i}`,
        ttlMs: 60_000,
        loader: database.load,
        onLoad: (event) => void loads.push(event),
      }),
    );
  return { readers, database, loads };
}

test.each([
  { ids: ['lock-wait'], most: 1 },
  { ids: ['lock-stale', 'single-flight'], most: 1 },
  { ids: ['lease'], most: 1 },
  { ids: ['xfetch', 'lease', 'single-flight'], most: 1 },
  { ids: ['single-flight'], most: 4 },
])('four connections, a stampede of 200 reads: $ids loads at most $most times', async ({ ids, most }) => {
  const { readers, database } = await separateReaders(ids, 4, `stampede-${ids.join('-')}:`);
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => readers[i % 4]!.read('product:1')));
  expect(answers.every(({ version }) => version === 1)).toBe(true);
  expect(database.loads).toBeLessThanOrEqual(most);
});

test('lock-not-found on four connections: one load, and whoever comes meanwhile is turned away within a moment', async () => {
  const { readers, database } = await separateReaders(['lock-not-found'], 4, 'turned-away:');
  database.recomputeMs = 1000;
  const first = readers[0]!.read('product:1');
  while (database.loads === 0) await realClock.sleep(2);
  const startedAtMs = performance.now();
  const losers = await Promise.all(Array.from({ length: 40 }, (_, i) => readers[i % 4]!.read('product:1')));
  expect(losers.map(({ outcome }) => outcome)).toEqual(losers.map(() => 'shed'));
  expect(performance.now() - startedAtMs).toBeLessThan(900);
  expect((await first).outcome).toBe('miss');
  expect(database.loads).toBe(1);
});

test('a delete on one connection voids the lease of another: the late fill is refused', async () => {
  const { readers, database, loads } = await separateReaders(['lease'], 2, 'voided:');
  database.recomputeMs = 300;
  const old = readers[0]!.read('product:1');
  while (database.loads === 0) await realClock.sleep(2);
  database.put('product:1', 2);
  await readers[1]!.invalidate('product:1');
  expect((await old).version).toBe(1);
  expect(loads.map(({ filled }) => filled)).toEqual([false]);
  for (const reader of readers) expect((await reader.read('product:1')).version).toBe(2);
});

test('a Redis that is frozen and thawed: reads are answered from the database meanwhile, then from the cache', async () => {
  const { readers, loads } = await separateReaders(['single-flight', 'lock-wait'], 2, 'frozen:');
  await readers[0]!.read('product:1');
  server.freeze();
  try {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => readers[i % 2]!.read('product:1')));
    expect(answers.every(({ outcome, version }) => outcome === 'bypass' && version === 1)).toBe(true);
    expect(loads.slice(1).map(({ cause }) => cause)).toEqual(['bypass', 'bypass']);
  } finally {
    server.thaw();
  }
  const untilMs = performance.now() + 5000;
  while ((await readers[1]!.read('product:1')).outcome !== 'hit') expect(performance.now()).toBeLessThan(untilMs);
});
