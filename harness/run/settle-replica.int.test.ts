/** A replica of Postgres follows its primary, is read-only, and is gone afterwards, in each environment that starts one. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import type { Environment } from '../contract/environment.ts';
import type { JournalEntry } from '../contract/journal.ts';
import { isSameProcess } from '../kit/process-identity.ts';
import { settleReplica } from './settle-replica.ts';
import { dockerEnvironment } from '../environment/docker.ts';
import { testContext, testOptions, tinyPlan, tinyTarget } from '../environment/fixtures/tiny-target.ts';
import { localEnvironment } from '../environment/local.ts';

const REPLICA = { name: 'postgres-replica', kind: 'postgres-replica' } as const;

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function prove(environment: Environment): Promise<JournalEntry[]> {
  const context = testContext(`test-replica-${randomBytes(4).toString('hex')}`, testOptions(), [REPLICA]);
  const told: (string | undefined)[] = [];
  try {
    const stack = await environment.start(context);
    const clients: Client[] = [];
    try {
      const target = tinyTarget();
      const { environment: variables } = target;
      target.environment = (plan, surroundings) => {
        told.push(surroundings.servers?.['postgres-replica']);
        return variables(plan, surroundings);
      };
      await using _service = await stack.startService(tinyPlan, target);
      expect(new Set(told).size).toBe(2);
      expect(stack.proxies).toContainEqual({ name: 'postgres-replica-1', dependency: 'postgres', instance: 1 });
      expect(stack.servers).toMatchObject([REPLICA]);

      const primary = await connect(stack.postgresUrl!);
      const replica = await connect(stack.servers[0]!.url);
      clients.push(primary, replica);
      const query = async <R extends Record<string, unknown>>(sql: string): Promise<R[]> =>
        (await primary.query<R>(sql)).rows;
      await query('CREATE TABLE items AS SELECT g AS id FROM generate_series(1, 1000) g');
      const seen = async (): Promise<number> =>
        Number((await replica.query('SELECT count(*) AS n FROM items')).rows[0].n);
      await expect.poll(() => seen().catch(() => -1), { timeout: 10_000 }).toBe(1000);
      await expect(replica.query('DELETE FROM items')).rejects.toThrow(/read-only/);
      // The probe counts what it carries.
      expect((await replica.query('SELECT count(*) AS n FROM pg_stat_statements')).rows).toHaveLength(1);

      // It lags by what was asked for, and again by nothing.
      await settleReplica({ applyDelayMs: 1500 }, stack.servers, { query });
      await query('DELETE FROM items WHERE id > 500');
      expect(await seen()).toBe(1000);
      await expect.poll(seen, { timeout: 10_000 }).toBe(500);
      await query('DELETE FROM items WHERE id > 100');
      await settleReplica({ applyDelayMs: 0 }, stack.servers, { query });
      expect(await seen()).toBe(100);
    } finally {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      await stack[Symbol.asyncDispose]();
    }
    await expect(connect(stack.servers[0]!.url)).rejects.toThrow();
    const text = readFileSync(join((context.journal as unknown as { folder: string }).folder, 'journal.jsonl'), 'utf8');
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as JournalEntry);
  } finally {
    context.end();
  }
}

test('local: a replica follows, lags as it is told, and leaves no process and no folder', async () => {
  const entries = await prove(localEnvironment);
  const processes = entries.flatMap((entry) => (entry.kind === 'process' && entry.what !== 'owner' ? [entry] : []));
  expect(processes.map(({ what }) => what)).toContain('postgres-replica');
  expect(processes.filter(isSameProcess)).toEqual([]);
  const folders = entries.flatMap((entry) => (entry.kind === 'folder' ? [entry.path] : []));
  expect(folders.length).toBeGreaterThanOrEqual(2);
  expect(folders.filter(existsSync)).toEqual([]);
});

const docker = await dockerEnvironment.available(testOptions());

test.skipIf(!docker.available)(
  `docker: a replica takes a base backup and follows${docker.available ? '' : ` (skipped: ${docker.reason})`}`,
  async () => {
    const entries = await prove(dockerEnvironment);
    expect(entries.flatMap((entry) => (entry.kind === 'container' ? [entry.what] : []))).toContain('postgres-replica');
  },
);
