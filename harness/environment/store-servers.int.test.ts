import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import type { Environment, ServerStack } from '../contract/environment.ts';
import { memcachedVersion } from './connect-until.ts';
import { dockerEnvironment } from './docker.ts';
import { externalEnvironment } from './external.ts';
import { testContext, testOptions, tinyPlan, tinyTarget } from './fixtures/tiny-target.ts';
import { localEnvironment } from './local.ts';

const REDIS_SERVERS = [
  { name: 'shard-1', kind: 'redis' },
  { name: 'replica-1', kind: 'redis-replica' },
] as const;

async function withRedis<R>(url: string, work: (redis: Redis) => Promise<R>): Promise<R> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => undefined);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** Starts the servers, looks at them and at what an instance is told of them, and sees that all of them are gone. */
async function prove(environment: Environment<ServerStack>, servers: Parameters<typeof testContext>[2]): Promise<void> {
  const context = testContext(`test-servers-${randomBytes(4).toString('hex')}`, testOptions(), servers);
  const told: Record<string, string>[] = [];
  try {
    const stack = await environment.start(context);
    try {
      const target = tinyTarget();
      const { environment: variables } = target;
      target.environment = (plan, surroundings) => {
        told.push({ ...surroundings.servers });
        return variables(plan, surroundings);
      };
      await using service = await stack.startService(tinyPlan, target);
      expect(service.instances).toHaveLength(2);
      expect(stack.servers.map(({ name, kind }) => ({ name, kind }))).toEqual(servers);
      const urlOf = (name: string): string => stack.servers.find((server) => server.name === name)!.url;

      await withRedis(stack.redisUrl, (redis) => redis.set('k', 'v'));
      await expect.poll(() => withRedis(urlOf('replica-1'), (redis) => redis.get('k')), { timeout: 10_000 }).toBe('v');
      expect(await withRedis(urlOf('shard-1'), (redis) => redis.get('k'))).toBeNull();
      for (const { kind, url } of stack.servers)
        if (kind === 'memcached')
          expect(await memcachedVersion({ url, signal: context.signal, timeoutMs: 0 })).toMatch(/^Memcached \d/);

      // Each instance is told of its own proxies, under the servers' names.
      for (const addresses of told) expect(Object.keys(addresses)).toEqual(servers!.map(({ name }) => name));
      expect(new Set(told.map((addresses) => addresses['shard-1'])).size).toBe(2);
      expect(stack.proxies.map(({ name }) => name)).toEqual(expect.arrayContaining(['shard-1-0', 'replica-1-1']));
    } finally {
      await stack[Symbol.asyncDispose]();
    }
    for (const { kind, url } of stack.servers)
      if (kind !== 'memcached') await expect(withRedis(url, (redis) => redis.ping())).rejects.toThrow();
  } finally {
    context.end();
  }
}

test('local: further Redis servers, a replica and Memcached come up, and are gone afterwards', () =>
  prove(localEnvironment, [...REDIS_SERVERS, { name: 'memcached', kind: 'memcached' }]));

const docker = await dockerEnvironment.available(testOptions());

test.skipIf(!docker.available)('docker: further Redis servers and a replica, in the same network', () =>
  prove(dockerEnvironment, REDIS_SERVERS),
);

test.skipIf(!docker.available)('docker: a missing image of Memcached is said with how to choose another', async () => {
  const options = testOptions({ memcachedImage: 'cachequake.invalid/none:1' });
  const context = testContext(`test-servers-${randomBytes(4).toString('hex')}`, options, [
    { name: 'memcached', kind: 'memcached' },
  ]);
  try {
    await expect(dockerEnvironment.start(context)).rejects.toMatchObject({
      code: 'IMAGE_MISSING',
      hint: expect.stringContaining('CACHEQUAKE_MEMCACHED_IMAGE'),
    });
  } finally {
    context.end();
  }
});

test('external: a store that needs servers is refused with what would do', async () => {
  const options = testOptions({
    redisUrl: 'redis://127.0.0.1:1',
    postgresUrl: 'postgres://127.0.0.1:1/x',
    allowDestructive: true,
  });
  const context = testContext(`test-servers-${randomBytes(4).toString('hex')}`, options, REDIS_SERVERS);
  try {
    await expect(externalEnvironment.start(context)).rejects.toMatchObject({
      code: 'BAD_PLAN',
      hint: 'use --env local or docker for this store',
    });
  } finally {
    context.end();
  }
});
