import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServerStack } from '../contract/environment.ts';
import { externalEnvironment } from './external.ts';
import { get, testContext, testOptions, tinyPlan, tinyTarget } from './fixtures/tiny-target.ts';
import { Keeper } from './keeper.ts';
import { localEnvironment } from './local.ts';
import { startProxyProcess, type Control } from './proxy-process.ts';
import { Teardown } from './teardown.ts';

const newId = (): string => `test-external-${randomBytes(4).toString('hex')}`;
const context = testContext(newId());
const teardown = new Teardown();
let there: ServerStack;
let toxiproxy: Control;

// Somebody else's servers, and a Toxiproxy of somebody else's.
beforeAll(async () => {
  there = await localEnvironment.start(context);
  teardown.add('stack', async () => {
    await there[Symbol.asyncDispose]();
  });
  const keeper = new Keeper(context.journal);
  teardown.add('keeper', () => keeper[Symbol.asyncDispose]());
  toxiproxy = await startProxyProcess(context, keeper, teardown);
});

afterAll(async () => {
  await teardown.run();
  context.end();
});

test('it refuses until destruction is allowed, says what it would do, and shows no password', async () => {
  const password = decodeURIComponent(new URL(there.postgresUrl).password);
  const own = testContext(newId(), testOptions({ redisUrl: there.redisUrl, postgresUrl: there.postgresUrl }));
  const error = (await externalEnvironment.start(own).catch((refused: unknown) => refused)) as Error;
  expect(error).toMatchObject({ code: 'REFUSED_DESTRUCTIVE', hint: expect.stringContaining('--allow-destructive') });
  expect(error.message).toContain('FLUSHALL');
  expect(error.message).toContain('schema shop in the database cachequake');
  expect(password.length).toBeGreaterThan(10);
  expect(error.message).not.toContain(password);
  expect(await externalEnvironment.available(own.options)).toMatchObject({ available: false });
  own.end();
});

test('addresses that are missing, wrong or dead are named', async () => {
  const start = async (options: Parameters<typeof testOptions>[0]): Promise<unknown> => {
    const own = testContext(newId(), testOptions({ allowDestructive: true, ...options }));
    try {
      await (await externalEnvironment.start(own))[Symbol.asyncDispose]();
      return 'it started';
    } catch (error) {
      return error;
    } finally {
      own.end();
    }
  };
  const { redisUrl, postgresUrl } = there;
  expect(await start({ redisUrl })).toMatchObject({ code: 'USAGE' });
  expect(await start({ redisUrl: 'http://x', postgresUrl })).toMatchObject({ code: 'USAGE' });
  expect(await start({ redisUrl: 'redis://:secret@127.0.0.1:1', postgresUrl })).toMatchObject({
    code: 'REDIS_FAILED',
    message: expect.stringMatching(/redis:\/\/:\*\*\*@127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/),
  });
  expect(await start({ redisUrl, postgresUrl: 'postgres://a:secret@127.0.0.1:1/b' })).toMatchObject({
    code: 'POSTGRES_FAILED',
    message: expect.stringMatching(/postgres:\/\/a:\*\*\*@127\.0\.0\.1:1\/b cannot be reached: .*ECONNREFUSED/),
  });
  expect(await start({ redisUrl, postgresUrl, toxiproxyUrl: 'http://127.0.0.1:2' })).toMatchObject({
    code: 'PROXY_FAILED',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('what is there is used through proxies of our own, and left running', async () => {
  const { redisUrl, postgresUrl } = there;
  const own = testContext(newId(), testOptions({ redisUrl, postgresUrl, allowDestructive: true }));
  const stack = await externalEnvironment.start(own);
  try {
    const service = await stack.startService(tinyPlan, tinyTarget());
    const url = service.instances[0]?.url ?? '';
    expect((await get(`${url}/ping-redis`)).text).toContain('PONG');
    await stack.toxiproxy.setEnabled('redis-0', false);
    expect((await get(`${url}/ping-redis`)).status).toBe(502);
    expect(stack.restartRedis).toBeNull();
    expect(stack.manifest).toMatchObject({ id: 'external', toxiproxy: 'embedded' });
    await service[Symbol.asyncDispose]();
  } finally {
    await stack[Symbol.asyncDispose]();
    own.end();
  }
  expect(await there.cpuMs('redis')).not.toBeNull();
});

test('proxies of a Toxiproxy that is there are used; those that are missing are made and removed', async () => {
  const { redisUrl, postgresUrl } = there;
  const options = testOptions({ redisUrl, postgresUrl, toxiproxyUrl: toxiproxy.url, allowDestructive: true });
  const own = testContext(newId(), options);
  const given = await toxiproxy.create({ name: 'redis-0', listen: '0.0.0.0:0', upstream: new URL(redisUrl).host });
  const stack = await externalEnvironment.start(own);
  try {
    const service = await stack.startService(tinyPlan, tinyTarget());
    const told = JSON.parse((await get(`${service.instances[0]?.url}/told`)).text) as Record<string, string>;
    expect(new URL(told.TINY_REDIS_URL ?? '').port).toBe(given.listen.split(':').at(-1));
    for (const { url } of service.instances) expect((await get(`${url}/ping-redis`)).text).toContain('PONG');
    expect(stack.manifest.notes.join()).toContain('redis-0');
    await service[Symbol.asyncDispose]();
  } finally {
    await stack[Symbol.asyncDispose]();
    own.end();
  }
  expect(Object.keys(JSON.parse((await get(`${toxiproxy.url}/proxies`)).text) as object)).toEqual(['redis-0']);
});
