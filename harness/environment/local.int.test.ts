import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import type { Journal, JournalEntry } from '../contract/journal.ts';
import { isSameProcess } from '../kit/process-identity.ts';
import { get, occupyPort, testContext, tinyPlan, tinyTarget } from './fixtures/tiny-target.ts';
import { Keeper } from './keeper.ts';
import { localEnvironment } from './local.ts';
import { startLocalPostgres } from './postgres-local.ts';
import { randomPort } from './random-port.ts';
import { startLocalRedis } from './redis-local.ts';
import { Teardown } from './teardown.ts';

const newId = (): string => `test-local-${randomBytes(4).toString('hex')}`;

function isOpen(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function entriesOf(journalFolder: string): JournalEntry[] {
  const text = readFileSync(join(journalFolder, 'journal.jsonl'), 'utf8').trim();
  return text.split('\n').map((line) => JSON.parse(line) as JournalEntry);
}

test('a stack comes up, works, and leaves no process, port or folder', async () => {
  const context = testContext(newId());
  const startedAtMs = performance.now();
  const stack = await localEnvironment.start(context);
  const service = await stack.startService(tinyPlan, tinyTarget());
  // The goal is 3 s on an idle machine; this one may be busy with other tests.
  expect(performance.now() - startedAtMs).toBeLessThan(20_000);
  const sql = new Client({ connectionString: stack.postgresUrl });
  const redis = new Redis(stack.redisUrl, { maxRetriesPerRequest: 1 });
  // It is restarted on purpose.
  redis.on('error', () => undefined);
  let entries: JournalEntry[];
  try {
    await sql.connect();
    const { rows } = await sql.query('SELECT count(*)::int AS n FROM pg_stat_statements');
    expect(rows[0].n).toBeGreaterThanOrEqual(0);
    expect((await sql.query('SHOW track_io_timing')).rows[0].track_io_timing).toBe('on');

    expect(await redis.config('GET', 'save')).toEqual(['save', '']);
    await redis.set('cold', 'no');
    await stack.restartRedis?.();
    await expect.poll(() => redis.get('cold').catch(() => 'away')).toBeNull();

    expect(service.instances.map(({ index }) => index)).toEqual([0, 1]);
    for (const instance of service.instances) {
      const told = JSON.parse((await get(`${instance.url}/told`)).text) as Record<string, string>;
      expect(told.TINY_INDEX).toBe(String(instance.index));
      expect(new URL(told.TINY_REDIS_URL ?? '').port).not.toBe(new URL(stack.redisUrl).port);
      expect((await get(`${instance.url}/ping-redis`)).text).toContain('PONG');
    }
    const shown = await (await fetch(`${stack.toxiproxy.url}/proxies`)).json();
    for (const { name, upstream } of Object.values(shown as Record<string, { name: string; upstream: string }>))
      expect(`${name} ${upstream}`).toMatch(/^(redis-\d unix:.*redis-\w+\.sock|postgres-\d unix:.*\.s\.PGSQL\.\d+)$/);
    // One instance's proxy is cut: the other does not notice.
    await stack.toxiproxy.setEnabled('redis-0', false);
    expect((await get(`${service.instances[0]?.url}/ping-redis`)).status).toBe(502);
    expect((await get(`${service.instances[1]?.url}/ping-redis`)).text).toContain('PONG');
    await stack.toxiproxy.setEnabled('redis-0', true);
    expect((await get(`${service.instances[0]?.url}/ping-redis`)).text).toContain('PONG');

    const busyFrom = await stack.cpuMs('postgres');
    await sql.query('SELECT sum(sqrt(g)) FROM generate_series(1, 1000000) g');
    expect((await stack.cpuMs('postgres')) ?? 0).toBeGreaterThan((busyFrom ?? 0) + 20);
    expect(await stack.cpuMs('redis')).not.toBeNull();
    expect(stack.manifest).toMatchObject({ id: 'local', toxiproxy: 'embedded' });
    expect(stack.manifest.versions.postgres).toContain('18.');
    expect(stack.proxies.map(({ name }) => name)).toEqual(['redis-0', 'postgres-0', 'redis-1', 'postgres-1']);
  } finally {
    redis.disconnect();
    await sql.end();
    entries = entriesOf((context.journal as unknown as { folder: string }).folder);
    await service[Symbol.asyncDispose]();
    await stack[Symbol.asyncDispose]();
  }
  const processes = entries.filter((entry) => entry.kind === 'process').filter(({ what }) => what !== 'owner');
  expect(processes.map(({ what }) => what).toSorted()).toEqual(
    ['keeper', 'postgres', 'redis', 'redis', 'service-0', 'service-1', 'toxiproxy'].toSorted(),
  );
  expect(processes.filter(isSameProcess)).toEqual([]);
  for (const entry of entries) if (entry.kind === 'folder') expect(existsSync(entry.path)).toBe(false);
  expect(await Promise.all([isOpen(stack.redisUrl), isOpen(stack.postgresUrl), isOpen(stack.toxiproxy.url)])).toEqual([
    false,
    false,
    false,
  ]);
  context.end();
});

test('the files of a database are used again, and nothing that was written', async () => {
  const before = process.env['TMPDIR'];
  const place = mkdtempSync(join(tmpdir(), 'cachequake-again-'));
  // Under root the server has another user, who must be able to pass through.
  chmodSync(place, 0o711);
  process.env['TMPDIR'] = place;
  try {
    const seen: { tables: number; system: string; spares: number }[] = [];
    for (let run = 0; run < 3; run++) {
      const context = testContext(newId());
      {
        const keeper = new Keeper(context.journal);
        await using teardown = new Teardown();
        teardown.add('keeper', () => keeper[Symbol.asyncDispose]());
        const { url } = await startLocalPostgres(context, keeper, teardown);
        const spares = sparesIn(place);
        const sql = new Client({ connectionString: url });
        await sql.connect();
        const ask = async (query: string): Promise<string> =>
          String(Object.values((await sql.query(query)).rows[0])[0]);
        const tables = Number(await ask("SELECT count(*) FROM pg_tables WHERE tablename = 'written'"));
        const system = await ask('SELECT system_identifier FROM pg_control_system()');
        await sql.query('CREATE TABLE written AS SELECT n, repeat(md5(n::text), 10) FROM generate_series(1, 20000) n');
        await sql.query("ALTER DATABASE cachequake SET work_mem = '1MB'");
        await sql.query('CREATE ROLE somebody');
        seen.push({ tables, system, spares });
        await sql.end();
      }
      expect(sparesIn(place)).toBe(1);
    }
    // The first was copied from the template; while one runs, its files are no spare.
    expect(seen.map(({ tables, spares }) => [tables, spares])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(new Set(seen.map(({ system }) => system)).size).toBe(1);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    rmSync(place, { recursive: true, force: true });
  }
});

function sparesIn(place: string): number {
  return readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((path) => /\/spares\/[^/]+$/.test(path))
    .length;
}

test('a service that dies at start, never gets ready, or dies later is a clear error', async () => {
  const context = testContext(newId());
  const stack = await localEnvironment.start(context);
  try {
    const early = await stack.startService(tinyPlan, tinyTarget('dies')).catch((error: unknown) => error);
    expect(early).toMatchObject({ code: 'SERVICE_FAILED', message: expect.stringContaining('ended with code 7') });
    expect((early as Error).message).toContain('postgres://shop:***@db/shop');
    expect((early as Error).message).not.toContain('very-secret');

    const service = await stack.startService(tinyPlan, tinyTarget('ignores-stdin'));
    // Ended on purpose: no surprise.
    await service.instances[1]?.signal('SIGKILL');
    await get(`${service.instances[0]?.url}/die`);
    await expect(service.died).rejects.toMatchObject({
      code: 'SERVICE_FAILED',
      message: expect.stringMatching(
        /instance 0 .*ended with code 9 during the run; its last words:\n[^]*dying as asked/,
      ),
    });
    await service[Symbol.asyncDispose]();

    const frozen = await stack.startService(tinyPlan, tinyTarget());
    await frozen.instances[0]?.signal('SIGSTOP');
    await frozen[Symbol.asyncDispose]();
  } finally {
    await stack[Symbol.asyncDispose]();
    context.end();
  }
});

test('a port that is taken is found out by the server, and another is drawn', async () => {
  const context = testContext(newId());
  const keeper = new Keeper(context.journal);
  const teardown = new Teardown();
  teardown.add('keeper', () => keeper[Symbol.asyncDispose]());
  const occupied = await occupyPort();
  const draw = (): (() => number) => {
    const draws = [occupied.port, occupied.port];
    return () => draws.shift() ?? randomPort();
  };
  try {
    const [redis, postgres] = await Promise.all([
      startLocalRedis(context, keeper, teardown, draw()),
      startLocalPostgres(context, keeper, teardown, draw()),
    ]);
    expect(new URL(redis.url).port).not.toBe(String(occupied.port));
    expect(new URL(postgres.url).port).not.toBe(String(occupied.port));
    expect(await isOpen(postgres.url)).toBe(true);
  } finally {
    occupied.close();
    await teardown.run();
    context.end();
  }
});

test('two stacks of one run have each a server and a socket of their own', async () => {
  const context = testContext(newId());
  const teardown = new Teardown();
  const keeper = new Keeper(context.journal);
  teardown.add('keeper', () => keeper[Symbol.asyncDispose]());
  try {
    const [one, other] = await Promise.all(
      [1, 2].map((number) => {
        const folder = join(context.folder, `stack-${number}`);
        mkdirSync(folder);
        return startLocalRedis({ ...context, folder, runId: `${context.runId}.${number}` }, keeper, teardown);
      }),
    );
    expect(one!.upstream).toMatch(/^unix:/);
    expect(one!.upstream).not.toBe(other!.upstream);
  } finally {
    await teardown.run();
    context.end();
  }
});

test('an interrupt while starting takes everything down', async () => {
  const context = testContext(newId());
  const interrupt = new AbortController();
  // In the middle, however quick the start is: the server runs and is not ready.
  const journal = {
    ...context.journal,
    write(entry: Parameters<Journal['write']>[0]) {
      context.journal.write(entry);
      if (entry.kind === 'process' && entry.what === 'postgres') interrupt.abort(new Error('Ctrl-C'));
    },
  };
  const starting = localEnvironment.start({ ...context, journal, signal: interrupt.signal });
  await expect(starting).rejects.toThrow();
  const entries = entriesOf((context.journal as unknown as { folder: string }).folder);
  const alive = entries.filter((entry) => entry.kind === 'process').filter((entry) => entry.what !== 'owner');
  expect(alive.filter(isSameProcess)).toEqual([]);
  for (const entry of entries) if (entry.kind === 'folder') expect(existsSync(entry.path)).toBe(false);
  context.end();
});

test('without a Redis program the error names the command that brings it', async () => {
  const path = process.env.PATH;
  process.env.PATH = '/nonexistent';
  const context = testContext(newId());
  try {
    await expect(localEnvironment.start(context)).rejects.toMatchObject({
      code: 'REDIS_MISSING',
      hint: expect.stringContaining('install'),
    });
    expect(await localEnvironment.available(context.options)).toMatchObject({ available: false });
  } finally {
    process.env.PATH = path;
    context.end();
  }
});
