import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { engineClient, findImage, pingEngine } from './docker-engine.ts';
import { RUN_LABEL, runLabels } from './docker-labels.ts';
import { startRedisContainer } from './docker-servers.ts';
import { dockerEnvironment } from './docker.ts';
import { get, occupyPort, testContext, testOptions, tinyPlan, tinyTarget } from './fixtures/tiny-target.ts';
import { randomPort } from './random-port.ts';
import { Teardown } from './teardown.ts';

const newId = (): string => `test-docker-${randomBytes(4).toString('hex')}`;
const ping = await pingEngine();

async function left(runId: string): Promise<{ containers: number; networks: number }> {
  const { dockerode } = (await engineClient()).container;
  const filters = JSON.stringify({ label: [`${RUN_LABEL}=${runId}`] });
  const containers = await dockerode.listContainers({ all: true, filters });
  const networks = await dockerode.listNetworks({ filters });
  return { containers: containers.length, networks: networks.length };
}

describe.skipIf(!ping.answers)(`docker${ping.answers ? '' : `: skipped, ${ping.reason}`}`, () => {
  test('a stack comes up, works, and leaves no container and no network', async () => {
    const context = testContext(newId());
    const stack = await dockerEnvironment.start(context);
    const service = await stack.startService(tinyPlan, tinyTarget());
    const sql = new Client({ connectionString: stack.postgresUrl });
    const redis = new Redis(stack.redisUrl, { maxRetriesPerRequest: 1 });
    // It is restarted on purpose.
    redis.on('error', () => undefined);
    try {
      await sql.connect();
      expect((await sql.query('SELECT count(*)::int AS n FROM pg_stat_statements')).rows[0].n).toBeGreaterThanOrEqual(
        0,
      );
      expect((await sql.query('SHOW fsync')).rows[0].fsync).toBe('off');

      await redis.set('cold', 'no');
      await stack.restartRedis?.();
      await expect.poll(() => redis.get('cold').catch(() => 'away'), { timeout: 10_000 }).toBeNull();

      for (const instance of service.instances) {
        const told = JSON.parse((await get(`${instance.url}/told`)).text) as Record<string, string>;
        expect(told.TINY_INDEX).toBe(String(instance.index));
        expect(told.TINY_REDIS_URL).toContain('toxiproxy:');
        expect((await get(`${instance.url}/ping-redis`)).text).toContain('PONG');
      }
      await stack.toxiproxy.setEnabled('redis-0', false);
      expect((await get(`${service.instances[0]?.url}/ping-redis`)).status).toBe(502);
      expect((await get(`${service.instances[1]?.url}/ping-redis`)).text).toContain('PONG');
      await stack.toxiproxy.setEnabled('redis-0', true);

      const busyFrom = (await stack.cpuMs('postgres')) ?? Number.NaN;
      await sql.query('SELECT sum(sqrt(g)) FROM generate_series(1, 1000000) g');
      expect((await stack.cpuMs('postgres')) ?? 0).toBeGreaterThan(busyFrom + 20);
      expect(await stack.cpuMs('redis')).not.toBeNull();
      expect(stack.manifest.versions.redis).toMatch(/^(Redis|Valkey) \d.* \(image .*sha256:/);
      expect(stack.manifest.notes.some((note) => note.includes('embedded'))).toBe(
        stack.manifest.toxiproxy === 'embedded',
      );

      // Ended on purpose is no surprise, ended by itself is.
      await service.instances[1]?.signal('SIGKILL');
      await get(`${service.instances[0]?.url}/die`);
      await expect(service.died).rejects.toMatchObject({
        code: 'SERVICE_FAILED',
        message: expect.stringMatching(/instance 0 .*ended with code 9 during the run/),
      });
    } finally {
      redis.disconnect();
      await sql.end();
      await service[Symbol.asyncDispose]();
      await stack[Symbol.asyncDispose]();
    }
    expect(await left(context.runId)).toEqual({ containers: 0, networks: 0 });
    context.end();
  });

  test('a port that is taken is found out by the engine, and another is drawn', async () => {
    const context = testContext(newId());
    const client = await engineClient();
    const network = `cachequake-${context.runId}`;
    const made = await client.network.create({ Name: network, Labels: runLabels(context.runId) });
    const teardown = new Teardown();
    teardown.add('network', () => client.network.remove(made));
    const occupied = await occupyPort();
    try {
      const around = { client, runId: context.runId, network, journal: context.journal };
      const image = await findImage(client, context.options.redisImage);
      if (!image) throw new Error(`the test needs ${context.options.redisImage}`);
      const draws = [occupied.port, occupied.port, randomPort(), randomPort()];
      const redis = await startRedisContainer(
        { context, around, teardown },
        image,
        () => draws.shift() ?? randomPort(),
      );
      expect(draws.length).toBeLessThanOrEqual(1);
      expect(Number(new URL(redis.url).port)).not.toBe(occupied.port);
    } finally {
      occupied.close();
      await teardown.run();
    }
    expect(await left(context.runId)).toEqual({ containers: 0, networks: 0 });
    context.end();
  });

  test('an image that cannot be had is named, with the way to change it, and nothing is left', async () => {
    const lacking = testContext(newId(), testOptions({ postgresImage: 'localhost:1/cachequake/none:1' }));
    await expect(dockerEnvironment.start(lacking)).rejects.toMatchObject({
      code: 'IMAGE_MISSING',
      message: expect.stringContaining('localhost:1/cachequake/none:1'),
      hint: expect.stringContaining('CACHEQUAKE_POSTGRES_IMAGE'),
    });
    expect(await left(lacking.runId)).toEqual({ containers: 0, networks: 0 });
    lacking.end();
  });
});

test('an engine that does not answer is a clear error', async () => {
  const before = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = 'unix:///nonexistent/docker.sock';
  const context = testContext(newId());
  try {
    expect(await dockerEnvironment.available(context.options)).toMatchObject({ available: false });
    await expect(dockerEnvironment.start(context)).rejects.toMatchObject({ code: 'ENGINE_MISSING' });
    process.env.DOCKER_HOST = 'tcp://192.0.2.1:2375';
    expect(await dockerEnvironment.available(context.options)).toMatchObject({
      available: false,
      reason: expect.stringContaining('not on this machine'),
    });
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
    context.end();
  }
});
