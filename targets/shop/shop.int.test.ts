import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Redis } from 'ioredis';
import type { Dataset } from '../../harness/contract/profile.ts';
import type { ServiceProbeAnswer } from '../../harness/contract/target.ts';
import { reconcileShop, resetShop, seedShop } from './schema.ts';
import { startInstance, startPostgres, startRedis } from './test-support.ts';
import type { TestInstance, TestPostgres, TestRedis } from './test-support.ts';

const DATASET: Dataset = { products: 60, reviewsPerProduct: 5, stock: 20, cost: { kind: 'cpu' }, preloadKeys: 0 };
const JSON_TYPE = { 'content-type': 'application/json' };

let postgres: TestPostgres;
let redis: TestRedis;
let admin: Redis;
const running: TestInstance[] = [];

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  admin = new Redis(redis.url);
  await seedShop(DATASET, postgres.sql);
});
afterAll(async () => {
  admin?.disconnect();
  await Promise.all([postgres?.stop(), redis?.stop()]);
});
beforeEach(async () => {
  await admin.flushall();
  await resetShop(postgres.sql);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop('SIGKILL')));
});

async function shop(environment: Record<string, string> = {}): Promise<TestInstance> {
  const one = await startInstance({
    REDIS_URL: redis.url,
    DATABASE_URL: postgres.url,
    SHOP_REDIS_TIMEOUT_MS: '500',
    SHOP_POSTGRES_TIMEOUT_MS: '3000',
    ...environment,
  });
  running.push(one);
  return one;
}

async function read(one: TestInstance, product: number, headers: Record<string, string> = {}) {
  const answer = await fetch(`${one.url}/products/${product}`, { headers });
  const text = await answer.text();
  const detail = /detail=([a-z]+)/.exec(answer.headers.get('cache-status') ?? '')?.[1] ?? null;
  return { status: answer.status, text, detail, headers: answer.headers };
}

async function send(one: TestInstance, method: string, path: string, body: unknown) {
  const answer = await fetch(one.url + path, { method, headers: JSON_TYPE, body: JSON.stringify(body) });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
}

const buy = (one: TestInstance, orderId: string, user: number, product = 0) =>
  send(one, 'POST', '/purchases', { orderId, product, user, quantity: 1 });

async function probe(one: TestInstance, since = 0): Promise<ServiceProbeAnswer> {
  return (await (await fetch(`${one.url}/cachequake/probe?since=${since}`)).json()) as ServiceProbeAnswer;
}

const stack = (...ids: string[]): string => JSON.stringify(ids.map((id) => ({ id, parameters: {}, file: null })));

describe('the product page', () => {
  test('a miss, then a hit at the other instance; the answer names its key, version, age and times', async () => {
    const [a, b] = [await shop(), await shop({ SHOP_INSTANCE: '1' })];
    const first = await read(a, 7);
    expect(first.status).toBe(200);
    expect(first.text.startsWith('{"key":"product:7","version":1,')).toBe(true);
    expect(first.headers.get('cache-status')).toBe('shop; fwd=miss; stored; detail=miss');
    expect(first.headers.get('server-timing')).toMatch(/^cache;dur=[\d.]+, db;dur=[\d.]+$/);
    const second = await read(b, 7);
    expect(second.headers.get('cache-status')).toBe('shop; hit; detail=hit');
    expect(second.headers.get('server-timing')).toMatch(/^cache;dur=[\d.]+$/);
    expect(second.headers.get('age')).toMatch(/^\d+$/);
    expect(second.text).toBe(first.text);
    expect(JSON.parse(second.text)).toMatchObject({ reviews: 5, bestReviews: { length: 5 } });
    expect((await probe(a)).loads.key).toEqual(['product:7']);
    expect((await probe(b)).loads.key).toEqual([]);
  });

  test('ETag: the same version is 304, a write makes a new one', async () => {
    const one = await shop();
    const tag = (await read(one, 3)).headers.get('etag')!;
    expect(tag).toBe('"product:3-v1"');
    const same = await read(one, 3, { 'if-none-match': tag });
    expect(same).toMatchObject({ status: 304, text: '', detail: 'hit' });
    const written = await send(one, 'PUT', '/products/3', { priceCents: 4_242 });
    expect(written.body).toEqual({ key: 'product:3', version: 2, cacheTold: true });
    const fresh = await read(one, 3, { 'if-none-match': tag });
    expect(fresh).toMatchObject({ status: 200, detail: 'miss' });
    expect(fresh.headers.get('etag')).toBe('"product:3-v2"');
    expect(JSON.parse(fresh.text)).toMatchObject({ version: 2, priceCents: 4_242 });
  });

  test('what is not there is 404', async () => {
    const one = await shop();
    expect(await read(one, 99_999)).toMatchObject({ status: 404, detail: 'absent' });
    expect((await fetch(`${one.url}/products/abc`)).status).toBe(404);
    expect((await send(one, 'PUT', '/products/99999', {})).status).toBe(404);
  });

  test('single-flight: of 20 cold readers one loads, the others wait for it', async () => {
    const one = await shop({ SHOP_STACK: stack('single-flight'), SHOP_COST: '{"kind":"wait","waitMs":800}' });
    const details = (await Promise.all(Array.from({ length: 20 }, () => read(one, 5)))).map(({ detail }) => detail);
    expect(details.filter((detail) => detail === 'miss')).toHaveLength(1);
    expect(details.filter((detail) => detail === 'waited')).toHaveLength(19);
    const seen = await probe(one);
    expect(seen).toMatchObject({ lastLoad: 1, loadsInFlight: 0, loadsInFlightMaxPerKey: 1 });
    expect(seen.loads.endedAtMs[0]! - seen.loads.startedAtMs[0]!).toBeGreaterThanOrEqual(790);
    expect(seen.cacheOutcomes).toEqual({ miss: 1, waited: 19 });
  });

  test('cache-aside: 8 cold readers load 8 times, and the probe sees them at once', async () => {
    const one = await shop({ SHOP_STACK: stack('cache-aside'), SHOP_COST: '{"kind":"wait","waitMs":1000}' });
    await Promise.all(Array.from({ length: 8 }, () => read(one, 5)));
    const seen = await probe(one);
    expect(seen.loads.cause).toEqual(Array.from({ length: 8 }, () => 'miss'));
    expect(seen.loadsInFlightMaxPerKey).toBe(8);
    expect((await probe(one, seen.lastLoad)).loads.key).toEqual([]);
  });

  test('stale-while-revalidate serves the old value at once and loads behind', async () => {
    const one = await shop({ SHOP_STACK: stack('stale-while-revalidate'), SHOP_TTL_MS: '300' });
    await read(one, 9);
    await new Promise((resolve) => setTimeout(resolve, 400));
    const stale = await read(one, 9);
    expect(stale).toMatchObject({ status: 200, detail: 'stale' });
    expect(stale.headers.get('server-timing')).not.toContain('db;');
    await expect.poll(async () => (await probe(one)).loads.cause).toEqual(['miss', 'behind']);
  });

  test('a load that fails is 502, and the instance lives on', async () => {
    const one = await shop({ SHOP_COST: '{"kind":"wait","waitMs":900}', SHOP_POSTGRES_TIMEOUT_MS: '200' });
    const failed = await read(one, 1);
    expect(failed.status).toBe(502);
    expect(failed.headers.get('retry-after')).toBeNull();
    expect((await probe(one)).loads).toMatchObject({ ok: [false], filled: [false] });
    expect((await fetch(`${one.url}/healthz`)).status).toBe(200);
  });
});

test('preload fills the cache with one birth time, counted as no load', async () => {
  const one = await shop({ SHOP_COST: '{"kind":"wait","waitMs":50}' });
  const filled = await send(one, 'POST', '/cachequake/preload', { keys: 60 });
  expect(filled.body['loaded']).toBe(60);
  expect(filled.body['tookMs']).toBeLessThan(10_000);
  const texts = new Set<string>();
  for (let key = 0; key < 60; key++) {
    const page = await read(one, key);
    expect(page).toMatchObject({ status: 200, detail: 'hit' });
    texts.add(page.text);
  }
  expect(texts.size).toBe(60);
  expect((await probe(one)).lastLoad).toBe(0);
  const ttls = await Promise.all((await admin.keys('*entry:product:*')).map((key) => admin.pexpiretime(key)));
  expect(ttls).toHaveLength(60);
  expect(Math.max(...ttls) - Math.min(...ttls)).toBeLessThanOrEqual(1_000);
  // A page that was preloaded is the page that a read would have loaded.
  const preloaded = (await read(one, 42)).text;
  await admin.flushall();
  const loaded = await read(one, 42);
  expect(loaded).toMatchObject({ detail: 'miss', text: preloaded });
});

test('metrics tell outcomes, loads and the pool', async () => {
  const one = await shop();
  await read(one, 1);
  await read(one, 1);
  const text = await (await fetch(`${one.url}/metrics`)).text();
  expect(text).toContain('shop_cache_outcomes_total{outcome="hit"} 1');
  expect(text).toContain('shop_loads_total{cause="miss"} 1');
  expect(text).toContain('shop_postgres_connections{state="open"} 1');
  expect(text).toContain('shop_request_duration_seconds_count{route="/products/:key",status="200"} 2');
});

describe('purchases', () => {
  test('accepted, sold out and limit reached have their own statuses', async () => {
    const one = await shop({ SHOP_STOCK: '{"id":"script","parameters":{}}', SHOP_PURCHASES_PER_USER: '1' });
    expect(await buy(one, 'a', 1)).toMatchObject({ status: 201, body: { orderId: 'a', result: 'accepted' } });
    expect((await buy(one, 'b', 1)).status).toBe(429);
    const more = await send(one, 'POST', '/purchases', { orderId: 'c', product: 0, user: 2, quantity: 20 });
    expect(more.status).toBe(409);
    expect((await send(one, 'POST', '/purchases', { product: 0 })).status).toBe(400);
    await expect.poll(async () => (await probe(one)).stock).toEqual({ acceptedOrders: 1, pendingOrders: 0 });
  });

  test('500 buyers at two instances for 20 units: 20 orders', async () => {
    const env = { SHOP_STOCK: '{"id":"script"}' };
    const shops = [await shop(env), await shop({ ...env, SHOP_INSTANCE: '1' })];
    const all = await Promise.all(Array.from({ length: 500 }, (_, i) => buy(shops[i % 2]!, `o-${i}`, i)));
    const accepted = all.filter(({ status }) => status === 201).map(({ body }) => String(body['orderId']));
    expect(accepted).toHaveLength(20);
    // Stopping in good order writes down what was accepted.
    expect(await Promise.all(running.splice(0).map((one) => one.stop()))).toEqual([0, 0]);
    const { orders, products } = await reconcileShop(postgres.sql);
    expect(orders.map(({ orderId }) => orderId).toSorted()).toEqual(accepted.toSorted());
    expect(products[0]).toEqual({ product: 0, initialStock: 20, remainingStock: 0 });
  });
});

describe('the life of an instance', () => {
  test('answers what is under way before it ends', async () => {
    const one = await shop({ SHOP_COST: '{"kind":"wait","waitMs":500}' });
    const page = read(one, 2);
    await expect.poll(async () => (await probe(one)).loadsInFlight).toBe(1);
    const ended = one.stop();
    expect(await page).toMatchObject({ status: 200, detail: 'miss' });
    expect(await ended).toBe(0);
  });

  test('ends when its parent goes away', async () => {
    const one = await shop();
    const ended = new Promise((resolve) => one.child.once('exit', resolve));
    one.child.stdin!.destroy();
    expect(await ended).toBe(0);
    expect(one.errors.join()).toContain('the parent is gone');
  });

  test('wrong settings and unknown parts end it with the exit code for usage, and say what is wrong', async () => {
    await expect(shop({ REDIS_URL: '' })).rejects.toThrow(/ended with 2: .*REDIS_URL is not set/);
    await expect(shop({ SHOP_STACK: stack('wishful') })).rejects.toThrow(
      /ended with 2: .*'wishful'[^]*one of .*xfetch/,
    );
    await expect(shop({ SHOP_STOCK: '{"id":"script","parameters":{"batch":0}}' })).rejects.toThrow(
      /ended with 2.*batch/,
    );
  });

  test('starts while Redis is away, serves from the database, and uses Redis when it comes', async () => {
    const own = await startRedis();
    await own.stop();
    const one = await shop({ REDIS_URL: own.url, SHOP_STOCK: '{"id":"script"}' });
    expect(await read(one, 4)).toMatchObject({ status: 200, detail: 'bypass' });
    const refused = await buy(one, 'x', 1);
    expect(refused).toMatchObject({ status: 503, body: { result: 'high demand, try again' } });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await send(one, 'PUT', '/products/4', {})).body).toMatchObject({ version: 2, cacheTold: false });
    const again = await startRedis(own.port);
    try {
      await expect.poll(async () => (await read(one, 4)).detail, { timeout: 5_000 }).toBe('miss');
      expect((await read(one, 4)).detail).toBe('hit');
      await expect.poll(async () => (await buy(one, 'y', 1)).status, { timeout: 5_000 }).toBe(201);
      await again.stop(); // and away again, in the middle
      await expect.poll(async () => (await read(one, 4)).detail, { timeout: 5_000 }).toBe('bypass');
      expect(await one.stop()).toBe(0);
    } finally {
      await again.stop();
    }
  });

  test('starts while Postgres is away: what is cached is served, the rest is 502', async () => {
    const warm = await shop();
    await read(warm, 6);
    const one = await shop({ DATABASE_URL: 'postgres://u:p@127.0.0.1:1/none', SHOP_INSTANCE: '1' });
    expect(await read(one, 6)).toMatchObject({ status: 200, detail: 'hit' });
    expect((await read(one, 8)).status).toBe(502);
    expect((await send(one, 'PUT', '/products/6', {})).status).toBe(502);
  });
});

describe('services that are wrong on purpose', () => {
  test('sells-one-too-many: the database holds more orders than there was stock', async () => {
    const one = await shop({ SHOP_STOCK: '{"id":"database"}', SHOP_BROKEN: 'sells-one-too-many' });
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => buy(one, `o-${i}`, i)));
    expect(all.filter(({ status }) => status === 201)).toHaveLength(21);
    const { orders, products } = await reconcileShop(postgres.sql);
    expect(orders).toHaveLength(21);
    expect(products[0]!.remainingStock).toBe(-1);
  });

  test('loses-an-order: one acknowledged order in ten is nowhere', async () => {
    const one = await shop({ SHOP_STOCK: '{"id":"database"}', SHOP_BROKEN: 'loses-an-order' });
    for (let i = 0; i < 20; i++) expect((await buy(one, `o-${i}`, i)).status).toBe(201);
    expect((await reconcileShop(postgres.sql)).orders).toHaveLength(18);
  });

  test('mixes-up-keys: one answer in fifty names another product', async () => {
    const one = await shop({ SHOP_BROKEN: 'mixes-up-keys' });
    const texts: string[] = [];
    for (let i = 0; i < 100; i++) texts.push((await read(one, 10)).text);
    expect(texts.filter((text) => text.startsWith('{"key":"product:11"'))).toHaveLength(2);
    expect(texts.filter((text) => text.startsWith('{"key":"product:10"'))).toHaveLength(98);
  });
});

test('a product is created: what was absent a moment ago is seen by every instance, past filter and marker', async () => {
  const defences = { SHOP_STACK: stack('bloom-filter', 'negative-cache', 'single-flight') };
  const [a, b] = [await shop(defences), await shop({ ...defences, SHOP_INSTANCE: '1' })];
  const product = { name: 'Blue lamp', priceCents: 100 };
  try {
    for (const one of [a, b]) expect([(await read(one, 500)).status, (await read(one, 7)).status]).toEqual([404, 200]);
    const created = await send(a, 'POST', '/products/500', product);
    expect([created.status, created.body]).toEqual([201, { key: 'product:500', version: 1, invalidated: true }]);
    for (const one of [b, a]) expect((await read(one, 500)).status).toBe(200);
    expect((await send(b, 'POST', '/products/500', product)).status).toBe(409);
    // Where nobody can be told, nothing is created: another instance would turn readers away from it.
    const cutOff = await shop({ ...defences, SHOP_INSTANCE: '2', REDIS_URL: 'redis://127.0.0.1:1' });
    expect((await send(cutOff, 'POST', '/products/501', product)).status).toBe(502);
    expect(await postgres.sql.query('SELECT 1 FROM shop.products WHERE id = 501')).toEqual([]);
  } finally {
    await postgres.sql.query('DELETE FROM shop.products WHERE id >= 500');
  }
});
