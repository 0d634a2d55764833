import { randomBytes } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { testContext, tinyPlan, tinyTarget, type Behaviour } from './fixtures/tiny-target.ts';
import { Keeper } from './keeper.ts';
import { startServiceProcesses } from './service-processes.ts';

const context = testContext(`test-service-${randomBytes(4).toString('hex')}`);
const keeper = new Keeper(context.journal);
const addresses = () => ({ redisUrl: 'redis://127.0.0.1:1', postgresUrl: 'postgres://127.0.0.1:1/none' });

afterAll(async () => {
  await keeper[Symbol.asyncDispose]();
  context.end();
});

function start(behaviour: Behaviour, readyMs: number) {
  const { folder, signal } = context;
  const options = { keeper, folder, signal, instances: 2, addresses, readyMs };
  return startServiceProcesses(options, tinyPlan, tinyTarget(behaviour));
}

test('a service that answers but never gets ready is given up, with what it last answered', async () => {
  await expect(start('never-ready', 2000)).rejects.toMatchObject({
    code: 'SERVICE_FAILED',
    message: expect.stringMatching(/was not ready within 2 s \(\/ready: status 503\)/),
    hint: expect.stringContaining('service-0.log'),
  });
});

test('a service that says nothing is given up', async () => {
  const target = { ...tinyTarget(), command: { entry: 'harness/environment/fixtures/silent-service' } };
  const { folder, signal } = context;
  const options = { keeper, folder, signal, instances: 1, addresses, readyMs: 700 };
  await expect(startServiceProcesses(options, tinyPlan, target)).rejects.toMatchObject({
    code: 'SERVICE_FAILED',
    message: expect.stringContaining('did not say that it is ready within 0.7 s'),
  });
});

test('nothing of the shell’s settings reaches a service', async () => {
  process.env.NODE_OPTIONS_TEST = 'leak';
  const service = await start('well', 20_000);
  try {
    const told = (await (await fetch(`${service.instances[0]?.url}/told`)).json()) as Record<string, string>;
    expect(told.NODE_OPTIONS_TEST).toBeUndefined();
    expect(told.PATH).toBe(process.env.PATH);
  } finally {
    delete process.env.NODE_OPTIONS_TEST;
    await service[Symbol.asyncDispose]();
  }
});
