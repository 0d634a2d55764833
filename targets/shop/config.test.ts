import { expect, test } from 'vitest';
import { EXIT, HarnessError } from '../../harness/contract/errors.ts';
import { readSettings } from './config.ts';

const ADDRESSES = { REDIS_URL: 'redis://127.0.0.1:6379', DATABASE_URL: 'postgres://u:p@127.0.0.1/shop' };

function problemOf(environment: Record<string, string>): HarnessError {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof HarnessError) return error;
  }
  throw new Error('was taken');
}

test('addresses are enough; the rest has defaults, and an empty variable is not set', () => {
  expect(readSettings({ ...ADDRESSES, SHOP_STOCK: '', SHOP_PORT: '', SHOP_BROKEN: '', HOME: '/root' })).toEqual({
    host: '127.0.0.1',
    port: 0,
    index: 0,
    instances: 1,
    instance: 'shop-0',
    redisUrl: ADDRESSES.REDIS_URL,
    databaseUrl: ADDRESSES.DATABASE_URL,
    readDatabaseUrl: null,
    stack: [],
    ttlMs: 60_000,
    cost: { kind: 'cpu' },
    payloadBytes: null,
    redisTimeoutMs: 500,
    postgresTimeoutMs: 5_000,
    postgresPool: 10,
    seed: 1,
    store: { id: 'redis', parameters: {} },
    servers: {},
    workload: null,
    write: { id: 'invalidate-after-write', parameters: {} },
    stock: null,
    purchasesPerUser: null,
    perUserPerSec: null,
    cacheControl: null,
    broken: null,
  });
});

test('JSON variables are read', () => {
  const settings = readSettings({
    ...ADDRESSES,
    SHOP_INSTANCE: '3',
    SHOP_STACK: '[{"id":"xfetch","parameters":{"beta":2},"file":null},{"id":"mine","file":"./mine.ts"}]',
    SHOP_COST: '{"kind":"wait","waitMs":80}',
    SHOP_STOCK: '{"id":"mine","file":"./mine.ts"}',
    SHOP_PER_USER_PER_SEC: '2.5',
    SHOP_PURCHASES_PER_USER: '1',
  });
  expect(settings.instance).toBe('shop-3');
  expect(settings.stack).toEqual([
    { id: 'xfetch', parameters: { beta: 2 }, file: null },
    { id: 'mine', parameters: {}, file: './mine.ts' },
  ]);
  expect(settings.cost).toEqual({ kind: 'wait', waitMs: 80 });
  expect(settings.stock).toEqual({ id: 'mine', parameters: {}, file: './mine.ts' });
  expect(settings.perUserPerSec).toBe(2.5);
  expect(settings.purchasesPerUser).toBe(1);
});

test('every wrong variable is named at once', () => {
  const problem = problemOf({
    DATABASE_URL: 'mysql://127.0.0.1/shop',
    SHOP_PORT: '70000',
    SHOP_STACK: '[{"parameters":{}}]',
    SHOP_COST: 'much',
  });
  expect(problem.code).toBe('BAD_CONFIG');
  expect(problem.exitCode).toBe(EXIT.usage);
  expect(problem.message).toContain('REDIS_URL is not set');
  expect(problem.message).toContain('DATABASE_URL: must begin with postgres');
  expect(problem.message).toContain('SHOP_PORT: ');
  expect(problem.message).toContain('SHOP_STACK at 0.id: ');
  expect(problem.message).toContain('SHOP_COST: is not JSON');
});

test('passwords in addresses are not repeated in messages', () => {
  expect(problemOf({ ...ADDRESSES, DATABASE_URL: 'mysql://u:secret@h/shop' }).message).not.toContain('secret');
});
