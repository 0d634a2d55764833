import { expect, test } from 'vitest';
import type { RunPlan } from '../../harness/contract/plan.ts';
import { readSettings } from './config.ts';
import { createShopTarget } from './target.ts';

const plan = {
  stack: [{ id: 'xfetch', parameters: { beta: 2 }, file: null }],
  ttlMs: 5_000,
  dataset: { products: 10, reviewsPerProduct: 2, stock: 5, cost: { kind: 'wait', waitMs: 20 }, preloadKeys: 0 },
  service: { redisTimeoutMs: 300, postgresTimeoutMs: 2_000, postgresPool: 7 },
  seed: 42,
  store: { id: 'redis', parameters: {} },
  write: null,
  workload: null,
  stock: { id: 'script', parameters: { batch: 50 }, file: '/home/me/script.ts' },
  purchasesPerUser: 1,
  perUserPerSec: 0.5,
} as unknown as RunPlan;
const surroundings = {
  index: 1,
  instances: 2,
  redisUrl: 'redis://127.0.0.1:1',
  postgresUrl: 'postgres://127.0.0.1:2/x',
  listenHost: '127.0.0.1',
  listenPort: 0,
};

test('what the plan says reaches the instance through its environment', () => {
  const settings = readSettings(createShopTarget(null).environment(plan, surroundings));
  expect(settings).toEqual({
    host: '127.0.0.1',
    port: 0,
    index: 1,
    instances: 2,
    instance: 'shop-1',
    redisUrl: surroundings.redisUrl,
    databaseUrl: surroundings.postgresUrl,
    readDatabaseUrl: null,
    stack: plan.stack,
    ttlMs: 5_000,
    cost: { kind: 'wait', waitMs: 20 },
    payloadBytes: null,
    redisTimeoutMs: 300,
    postgresTimeoutMs: 2_000,
    postgresPool: 7,
    seed: 42,
    store: plan.store,
    servers: {},
    workload: null,
    write: { id: 'invalidate-after-write', parameters: {} },
    stock: plan.stock,
    purchasesPerUser: 1,
    perUserPerSec: 0.5,
    cacheControl: null,
    broken: null,
  });
});

test('behind an edge, product pages say how long they may be kept', () => {
  const parameters = { sMaxAgeSec: 2, staleWhileRevalidateSec: 10, maxAgeSec: 1, lock: true };
  const edge: RunPlan['edge'] = { id: 'nginx', parameters };
  const settings = readSettings(createShopTarget(null).environment({ ...plan, edge }, surroundings));
  expect(settings.cacheControl).toBe('public, max-age=1, s-maxage=2, stale-while-revalidate=10');
});

test('a shop without a sale, and a broken one that says so in its title', () => {
  const target = createShopTarget('loses-an-order');
  expect(target.title).toContain('loses-an-order');
  const settings = readSettings(target.environment({ ...plan, stock: null, purchasesPerUser: null }, surroundings));
  expect(settings).toMatchObject({ stock: null, purchasesPerUser: null, broken: 'loses-an-order' });
});
