/** Defences without a layer, on real servers: an instance that warms up, a worker that refreshes and dies, a push on write. */
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Dataset } from '../../harness/contract/profile.ts';
import type { ServiceProbeAnswer } from '../../harness/contract/target.ts';
import { createAccessLog } from './access-log.ts';
import { createRedisMailbox } from './mailbox.ts';
import { seedShop } from './schema.ts';
import { startInstance, startPostgres, startRedis } from './test-support.ts';
import type { TestInstance, TestPostgres, TestRedis } from './test-support.ts';

const DATASET: Dataset = { products: 60, reviewsPerProduct: 5, stock: 20, cost: { kind: 'cpu' }, preloadKeys: 0 };
const LOG = { info() {}, warn() {} };

let postgres: TestPostgres;
let redis: TestRedis;
let admin: Redis;
const running: TestInstance[] = [];

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  admin = new Redis(redis.url);
  await seedShop(DATASET, postgres.sql);
}, 60_000);
afterAll(async () => {
  admin?.disconnect();
  await Promise.all([postgres?.stop(), redis?.stop()]);
});
beforeEach(() => admin.flushall());
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop('SIGKILL')));
});

async function start(
  members: Record<string, Record<string, unknown>>,
  more: Record<string, string> = {},
  entry?: string,
): Promise<TestInstance> {
  const stack = Object.entries(members).map(([id, parameters]) => ({ id, parameters, file: null }));
  const addresses = { REDIS_URL: redis.url, DATABASE_URL: postgres.url };
  const one = await startInstance({ ...addresses, SHOP_STACK: JSON.stringify(stack), ...more }, entry);
  running.push(one);
  return one;
}

async function outcome(one: TestInstance, product: number): Promise<string | null> {
  const answer = await fetch(`${one.url}/products/${product}`);
  await answer.text();
  return /detail=([a-z]+)/.exec(answer.headers.get('cache-status') ?? '')?.[1] ?? null;
}

const outcomes = (one: TestInstance, products: readonly number[]) =>
  Promise.all(products.map((product) => outcome(one, product)));

async function loads(one: TestInstance): Promise<ServiceProbeAnswer['loads']> {
  return ((await (await fetch(`${one.url}/cachequake/probe?since=0`)).json()) as ServiceProbeAnswer).loads;
}

test('the access log adds up what several instances have counted, and gives the most-read keys', async () => {
  const pool = new pg.Pool({ connectionString: postgres.url, max: 4 });
  const logs = [createAccessLog(pool, LOG), createAccessLog(pool, LOG), createAccessLog(pool, LOG)];
  for (const log of logs)
    for (let key = 0; key < 20; key++) for (let read = 0; read <= key; read++) log.note(`counted:${key}`);
  await Promise.all(logs.map((log) => log.flush()));
  expect(await logs[0]!.mostRead(3)).toEqual(['counted:19', 'counted:18', 'counted:17']);
  await logs[0]!.flush(); // nothing new, nothing twice
  const [row] = await postgres.sql.query(`SELECT reads::int FROM shop.access_log WHERE key = 'counted:9'`);
  expect(row).toEqual({ reads: 30 });
  await Promise.all(logs.map((log) => log.close()));
  await postgres.sql.query('TRUNCATE shop.access_log');
  await pool.end();
});

test('the mailbox hands out each note once, in order, and keeps no more than it may', async () => {
  const mailbox = createRedisMailbox(admin, 'test:mail:');
  for (let i = 0; i < 5; i++) await mailbox.post('box', `note ${i}`);
  expect(await mailbox.take('box', 2)).toEqual(['note 0', 'note 1']);
  expect(await mailbox.take('box', 100)).toEqual(['note 2', 'note 3', 'note 4']);
  expect(await mailbox.take('box', 100)).toEqual([]);
});

test('after a restart with an empty cache the most-read keys are hits from the first request on', async () => {
  const first = await start({ 'warm-up': { keys: 3 } });
  for (const [product, reads] of [
    [7, 30],
    [8, 20],
    [9, 10],
    [10, 1],
  ] as const)
    for (let i = 0; i < reads; i++) await outcome(first, product);
  expect(await first.stop()).toBe(0); // what is counted is written at the end
  await admin.flushall();
  const second = await start({ 'warm-up': { keys: 3 } });
  expect(await outcomes(second, [7, 8, 9, 10])).toEqual(['hit', 'hit', 'hit', 'miss']);
  // A harness that empties the cache after the start asks for it once more.
  await admin.flushall();
  await fetch(`${second.url}/cachequake/before-traffic`, { method: 'POST' });
  expect(await outcome(second, 7)).toBe('hit');
});

test('a push behind a write: the next reader of an expected key finds the new value', async () => {
  const one = await start({ 'proactive-push': { keys: 'product:3' } });
  await outcomes(one, [3, 4]);
  for (const product of [3, 4]) {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ id: `write-${product}`, user: 1 });
    const answer = await fetch(`${one.url}/products/${product}`, { method: 'PUT', headers, body });
    expect(answer.status).toBe(200);
  }
  await expect.poll(async () => (await loads(one)).cause).toContain('behind');
  expect(await outcomes(one, [3, 4])).toEqual(['hit', 'miss']);
});

test('a worker keeps a key fresh; killed, its readers load; a new one takes over', { timeout: 40_000 }, async () => {
  const settings = { SHOP_TTL_MS: '800' };
  const members = { 'external-refresh': { heartbeatMs: 100, graceMs: 400, missDelayMs: 50 }, 'lock-wait': {} };
  const shop = await start(members, settings);
  const worker = await start(members, settings, 'targets/shop/refresh-worker');

  /** Reads for a while; the loads that this instance has made itself. */
  async function ownLoads(forMs: number): Promise<number> {
    const before = (await loads(shop)).key.length;
    const untilMs = performance.now() + forMs;
    while (performance.now() < untilMs) {
      await outcome(shop, 5);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return (await loads(shop)).key.length - before;
  }

  await ownLoads(1500); // the first miss is the reader's own
  expect(await ownLoads(2500)).toBe(0);
  worker.child.kill('SIGKILL');
  await ownLoads(600);
  expect(await ownLoads(2500)).toBeGreaterThanOrEqual(2);
  expect(shop.errors.join('\n')).toContain('the worker is gone');
  const successor = await start(members, settings, 'targets/shop/refresh-worker');
  await ownLoads(1000);
  expect(await ownLoads(2500)).toBe(0);
  expect(await successor.stop()).toBe(0);
  expect(successor.errors.join('\n')).toMatch(/refreshed [1-9]\d* near expiry/);
});
