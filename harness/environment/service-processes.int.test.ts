import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Target } from '../contract/target.ts';
import { occupyPort, testContext, tinyPlan, tinyTarget, type Behaviour } from './fixtures/tiny-target.ts';
import { Keeper } from './keeper.ts';
import { PORT_ATTEMPTS, randomPort } from './random-port.ts';
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

/** A service of the user's own, as a program that is told its port. */
function ownTarget(source: string): Target {
  return {
    ...tinyTarget(),
    own: true,
    needs: [],
    command: {
      argv: () => [process.execPath, '-e', source],
      cwd: context.folder,
      listens: 'where-told',
      toldBy: 'PORT',
    },
    environment: (_plan, { listenPort }) => ({ PORT: String(listenPort) }),
    passEnvironment: ['OWN_SETTING'],
    readyPath: '/',
  };
}
const SERVE = `require('node:http').createServer((q, r) => r.end(process.env.OWN_SETTING)).listen(process.env.PORT, '127.0.0.1')`;

function startOwn(source: string, draws: number[]) {
  const { folder, signal } = context;
  const drawPort = (): number => draws.shift() ?? randomPort();
  const options = { keeper, folder, signal, instances: 1, addresses, readyMs: 5000, drawPort };
  return startServiceProcesses(options, tinyPlan, ownTarget(source));
}

test('a port on which somebody answers already is not taken for the service’s', async () => {
  const occupied = await occupyPort();
  process.env.OWN_SETTING = 'passed on';
  try {
    const draws = [occupied.port, randomPort()];
    const service = await startOwn(SERVE, draws);
    try {
      const { url } = service.instances[0]!;
      expect(url).not.toContain(String(occupied.port));
      expect(await (await fetch(url)).text()).toBe('passed on');
    } finally {
      await service[Symbol.asyncDispose]();
    }
  } finally {
    delete process.env.OWN_SETTING;
    occupied.close();
  }
});

test('a port that is taken when the service binds it is given up for another', async () => {
  const mark = join(context.folder, 'came-too-late');
  const late = `const fs = require('node:fs');
    if (!fs.existsSync(${JSON.stringify(mark)})) {
      fs.writeFileSync(${JSON.stringify(mark)}, process.env.PORT);
      console.error('Error: listen EADDRINUSE: address already in use');
      process.exit(1);
    }
    ${SERVE}`;
  const service = await startOwn(late, []);
  try {
    expect(service.instances[0]!.url).not.toContain(readFileSync(mark, 'utf8'));
  } finally {
    await service[Symbol.asyncDispose]();
  }
});

test('where every port is taken, that is the error', async () => {
  const occupied = await occupyPort();
  try {
    const draws = Array.from({ length: PORT_ATTEMPTS }, () => occupied.port);
    await expect(startOwn(SERVE, draws)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  } finally {
    occupied.close();
  }
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
