/** Settings of a real Redis, changed for a run and put back after it. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedisProcess, type RedisProcess } from '../../targets/stores/_redis-process.ts';
import { configureRedis } from './prepare.ts';

let server: RedisProcess;
let redis: Redis;
beforeAll(async () => {
  server = await startRedisProcess();
  redis = new Redis(server.url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => {});
});
afterAll(async () => {
  redis.disconnect();
  await server[Symbol.asyncDispose]();
});

const policy = async (): Promise<string> => (await redis.config('GET', 'maxmemory-policy'))[1]!;
const silent = (): void => {};

test('settings hold during the run, and what was there before comes back', async () => {
  await redis.config('SET', 'maxmemory-policy', 'volatile-lru');
  {
    await using _settings = await configureRedis(
      redis,
      { maxmemory: '4194304', 'maxmemory-policy': 'allkeys-lfu' },
      silent,
    );
    expect(await policy()).toBe('allkeys-lfu');
    expect((await redis.config('GET', 'maxmemory'))[1]).toBe('4194304');
  }
  expect(await policy()).toBe('volatile-lru');
  expect((await redis.config('GET', 'maxmemory'))[1]).toBe('0');
});

test.each([
  [{ 'maxmemory-policy': 'allkeys-lfu', maxmemory: 'much' }, /maxmemory=much/],
  [{ 'maxmemory-policy': 'allkeys-lfu', 'no-such-setting': '1' }, /no-such-setting=1: there is no such setting/],
])('a setting that Redis refuses is named, and those before it are put back', async (settings, message) => {
  const before = await policy();
  await expect(configureRedis(redis, settings as Record<string, string>, silent)).rejects.toThrow(message);
  expect(await policy()).toBe(before);
});

test('a Redis that is gone at the end is told of and is no error', async () => {
  const told: string[] = [];
  const settings = await configureRedis(redis, { maxmemory: '4194304' }, (line) => told.push(line));
  await server.stop();
  await settings[Symbol.asyncDispose]();
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/keeps maxmemory/);
});
