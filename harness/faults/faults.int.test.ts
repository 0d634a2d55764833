/**
 * Each fault acts on live ioredis connections that run through the proxies, as a service's do, is confirmed by what it
 * touched, and leaves nothing behind.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ServerStack } from '../contract/environment.ts';
import type { Fault, FaultInterval } from '../contract/fault.ts';
import type { JournalEntry } from '../contract/journal.ts';
import type { FaultEvent } from '../contract/profile.ts';
import { testContext } from '../environment/fixtures/tiny-target.ts';
import { localEnvironment } from '../environment/local.ts';
import { realClock } from '../kit/clock.ts';
import { loadModules } from '../kit/load-modules.ts';
import { sourceRoot } from '../kit/package-root.ts';
import { seededRandom } from '../kit/random.ts';
import { connectToxiproxy } from '../toxiproxy/control.ts';
import { runFaults } from './engine/run-faults.ts';
import { applyUndo } from './engine/undo.ts';

let start: ReturnType<typeof testContext>;
let stack: ServerStack;
let faults: Map<string, Fault>;
let admin: Redis;
let proxyUrls: string[];
let services: Redis[];
const journal: JournalEntry[] = [];

beforeAll(async () => {
  faults = await loadModules<Fault>(join(sourceRoot, 'harness', 'faults'), 'fault');
  start = testContext(`test-faults-${randomBytes(4).toString('hex')}`);
  stack = await localEnvironment.start(start);
  admin = new Redis(stack.redisUrl, { maxRetriesPerRequest: 1 });
  admin.on('error', () => {});
  const listed = (await (await fetch(`${stack.toxiproxy.url}/proxies`)).json()) as Record<string, { listen: string }>;
  proxyUrls = ['redis-0', 'redis-1'].map((name) => `redis://${listed[name]!.listen}`);
});

afterAll(async () => {
  admin?.disconnect();
  await stack?.[Symbol.asyncDispose]();
  start?.end();
});

beforeEach(async () => {
  journal.length = 0;
  await admin.flushall();
  services = proxyUrls.map((url) => {
    const redis = new Redis(url, { maxRetriesPerRequest: 0, commandTimeout: 2_000, retryStrategy: () => 20 });
    redis.on('error', () => {});
    return redis;
  });
  await Promise.all(services.map((redis) => redis.ping()));
});

afterEach(async () => {
  for (const redis of services) redis.disconnect();
  await stack.toxiproxy.reset();
});

/** Runs faults from now on, while the services do something in each 20 ms. */
async function withTraffic(
  events: FaultEvent[],
  work: (redis: Redis) => Promise<unknown>,
  signal = new AbortController().signal,
): Promise<{ intervals: FaultInterval[]; answers: { atMs: number; tookMs: number; error: string | null }[] }> {
  const fromMs = realClock.nowMs();
  const answers: { atMs: number; tookMs: number; error: string | null }[] = [];
  const ended = new AbortController();
  const traffic = services.map(async (redis) => {
    while (!ended.signal.aborted) {
      const atMs = realClock.nowMs();
      const error = await work(redis).then(
        () => null,
        (thrown: Error) => thrown.message,
      );
      answers.push({ atMs, tookMs: realClock.nowMs() - atMs, error });
      await delay(20);
    }
  });
  const intervals = await runFaults({
    events,
    faults,
    context: {
      stack,
      instances: [],
      redis: admin,
      sql: { query: () => Promise.reject(new Error('no fault here asks the database')) },
      clock: realClock,
      random: seededRandom(1, 'faults'),
      log: { info: () => {}, warn: () => {} },
    },
    measuredFromMs: fromMs,
    journal: { runId: start.runId, write: (entry) => void journal.push(entry) },
    signal,
    onInject: () => {},
    onHeal: () => {},
    progress: () => {},
  });
  await delay(150);
  ended.abort();
  await Promise.all(traffic);
  return { intervals, answers };
}

async function nothingLeft(): Promise<void> {
  const listed = (await (await fetch(`${stack.toxiproxy.url}/proxies`)).json()) as Record<
    string,
    { enabled: boolean; toxics: unknown[] }
  >;
  expect(Object.values(listed).filter((proxy) => !proxy.enabled || proxy.toxics.length > 0)).toEqual([]);
  expect(await Promise.all(services.map((redis) => redis.ping().catch(() => 'away')))).toEqual(['PONG', 'PONG']);
}

test('redis-down cuts live connections, refuses new ones, and both come back', async () => {
  const { intervals, answers } = await withTraffic([{ fault: 'redis-down', atMs: 100, durationMs: 400 }], (redis) =>
    redis.get('a'),
  );
  const [interval] = intervals;
  expect(interval).toMatchObject({ error: null, confirmation: { active: true } });
  expect(interval!.confirmation.evidence).toMatch(/^2 connections cut/);
  const during = answers.filter(({ atMs }) => atMs > interval!.injectedAtMs + 30 && atMs < interval!.healedAtMs - 30);
  expect(during.length).toBeGreaterThan(5);
  expect(during.every(({ error }) => error !== null)).toBe(true);
  expect(answers.filter(({ atMs }) => atMs < interval!.injectedAtMs - 30).every(({ error }) => error === null)).toBe(
    true,
  );
  expect(journal.map(({ kind }) => kind)).toEqual(['undo', 'healed']);
  await nothingLeft();
});

test('redis-latency delays each answer for as long as it lasts, and touched connections are counted', async () => {
  const { intervals, answers } = await withTraffic(
    [{ fault: 'redis-latency', atMs: 100, durationMs: 500, parameters: { latencyMs: 100 } }],
    (redis) => redis.get('a'),
  );
  const [interval] = intervals;
  expect(interval!.confirmation).toEqual({
    active: true,
    evidence: '2 connections slowed by 100 ms on redis-0, redis-1',
  });
  const during = answers.filter(({ atMs }) => atMs > interval!.injectedAtMs + 30 && atMs < interval!.healedAtMs - 150);
  expect(during.length).toBeGreaterThan(2);
  for (const { tookMs } of during) expect(tookMs).toBeGreaterThanOrEqual(99);
  await nothingLeft();
});

test('the same fault on the same connections again is still seen as active', async () => {
  const { intervals } = await withTraffic(
    [
      { fault: 'redis-latency', atMs: 50, durationMs: 200, parameters: { latencyMs: 20 } },
      { fault: 'redis-latency', atMs: 350, durationMs: 200, parameters: { latencyMs: 20 } },
    ],
    (redis) => redis.get('a'),
  );
  expect(intervals.map(({ confirmation }) => confirmation.active)).toEqual([true, true]);
});

test('a fault that touched no connection is not active', async () => {
  for (const redis of services) redis.disconnect();
  await delay(50);
  // What earlier tests touched must not count: that connection is gone.
  const { intervals } = await withTraffic(
    [
      { fault: 'redis-latency', atMs: 0, durationMs: 200 },
      { fault: 'redis-down', atMs: 300, durationMs: 200 },
    ],
    () => Promise.resolve(),
  );
  expect(intervals.map(({ confirmation }) => confirmation)).toEqual([
    { active: false, evidence: expect.stringContaining('no connection was touched') },
    { active: false, evidence: expect.stringContaining('no connection was there to be cut') },
  ]);
});

test('redis-reset ends connections with a reset again and again', async () => {
  const resets: string[] = [];
  for (const redis of services) redis.on('error', (error: Error) => resets.push(error.message));
  const { intervals } = await withTraffic([{ fault: 'redis-reset', atMs: 100, durationMs: 400 }], (redis) =>
    redis.get('a'),
  );
  expect(intervals[0]!.confirmation.active).toBe(true);
  expect(resets.filter((message) => message.includes('ECONNRESET')).length).toBeGreaterThan(2);
  await nothingLeft();
});

test('redis-flush empties the keyspace, and finds it empty a second time', async () => {
  await admin.mset(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, 'v'])));
  const { intervals } = await withTraffic(
    [
      { fault: 'redis-flush', atMs: 50, durationMs: 0 },
      { fault: 'redis-flush', atMs: 250, durationMs: 0 },
    ],
    (redis) => redis.get('k1'),
  );
  expect(intervals.map(({ confirmation }) => confirmation)).toEqual([
    { active: true, evidence: '500 keys before the flush, none after it' },
    { active: false, evidence: '0 keys before the flush, 0 after it' },
  ]);
  expect(await admin.dbsize()).toBe(0);
});

test('redis-restart starts another, empty process, once', async () => {
  await admin.mset({ a: '1', b: '2' });
  const runId = async (): Promise<string> => /^run_id:(\w+)/m.exec(await admin.info('server'))![1]!;
  const before = await runId();
  const { intervals } = await withTraffic([{ fault: 'redis-restart', atMs: 100, durationMs: 0 }], (redis) =>
    redis.get('a'),
  );
  expect(intervals[0]).toMatchObject({ error: null, confirmation: { active: true } });
  expect(intervals[0]!.confirmation.evidence).toMatch(/2 keys before, 0 when first looked at/);
  const after = await runId();
  expect(after).not.toBe(before);
  expect(intervals[0]!.confirmation.evidence).toContain(after.slice(0, 8));
  await nothingLeft();
});

test('mass-expire ends matching keys at one moment and spares the others', async () => {
  const batch = admin.pipeline();
  for (let i = 0; i < 3_000; i++) batch.set(`product:${i}`, 'v', 'PX', 60_000);
  for (let i = 0; i < 100; i++) batch.set(`session:${i}`, 'v', 'PX', 60_000);
  batch.set('product:stock', '7');
  await batch.exec();
  const { intervals } = await withTraffic(
    [{ fault: 'mass-expire', atMs: 50, durationMs: 0, parameters: { inMs: 300, match: 'product:*' } }],
    (redis) => redis.get('session:1'),
  );
  expect(intervals[0]!.confirmation.active).toBe(true);
  expect(intervals[0]!.confirmation.evidence).toMatch(/^3000 of 3001 matching keys/);
  const names = Array.from({ length: 3_000 }, (_, i) => `product:${i}`);
  expect((await admin.mget(names)).filter((value) => value !== null)).toEqual([]);
  expect(await admin.get('product:stock')).toBe('7');
  expect(await admin.exists(...Array.from({ length: 100 }, (_, i) => `session:${i}`))).toBe(100);
});

test('an abort heals at once; a journal of a killed run is replayed, twice without harm', async () => {
  const abort = new AbortController();
  const started = realClock.nowMs();
  setTimeout(() => abort.abort(new Error('Ctrl-C')), 300);
  const { intervals } = await withTraffic(
    [
      { fault: 'redis-down', atMs: 50, durationMs: 60_000 },
      { fault: 'redis-latency', atMs: 100, durationMs: 60_000 },
    ],
    (redis) => redis.get('a'),
    abort.signal,
  );
  for (const { healedAtMs } of intervals) expect(healedAtMs - started).toBeLessThan(2_000);
  await nothingLeft();

  const steps = journal.flatMap((entry) => (entry.kind === 'undo' ? entry.steps : []));
  expect(steps).toHaveLength(4);
  await stack.toxiproxy.setEnabled('redis-0', false);
  const actions = { control: (url: string) => connectToxiproxy(url), restartRedis: null };
  await applyUndo(steps, actions);
  await applyUndo(steps, actions);
  await expect.poll(() => services[0]!.ping().catch(() => 'away')).toBe('PONG');
});
