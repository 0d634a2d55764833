import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { RunPlan } from '../../harness/contract/plan.ts';
import type { OwnTarget } from '../../harness/contract/own-target.ts';
import { createOwnTarget } from './target.ts';

const folder = mkdtempSync(join(tmpdir(), 'cachequake-data-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plan = {
  profile: { id: 'hot-key' },
  seed: 7,
  ttlMs: 1500,
  dataset: { products: 100, reviewsPerProduct: 20, stock: 5, cost: { kind: 'cpu' } },
  service: { redisTimeoutMs: 250, postgresTimeoutMs: 5000, postgresPool: 10 },
} as unknown as RunPlan;
const around = { redisUrl: 'redis://127.0.0.1:6400', postgresUrl: 'postgres://me@127.0.0.1:5433/press', instances: 2 };
const described: OwnTarget = {
  id: 'own',
  title: 'Own',
  command: ['node', 'server.js'],
  image: null,
  url: null,
  cwd: '.',
  port: { variable: 'PORT' },
  host: null,
  readiness: { path: '/', timeoutSec: 30, status: null },
  environment: { CACHE: '{redisHost}:{redisPort}' },
  passEnvironment: [],
  needs: ['redis', 'postgres'],
  operations: {},
  seed: null,
  reset: null,
};

/** Runs the seed; queries are kept, and fail with `failure` where it is given. */
async function seed(step: OwnTarget['seed'], failure?: Error): Promise<string[]> {
  const asked: string[] = [];
  const target = createOwnTarget({ ...described, seed: step }, { configFolder: folder });
  await target.seed(
    plan,
    {
      query: (text) => {
        asked.push(text);
        return failure ? Promise.reject(failure) : Promise.resolve([]);
      },
    },
    around,
  );
  return asked;
}

test('SQL is one text with its placeholders filled in, and arrays in it stay', async () => {
  writeFileSync(join(folder, 'seed.sql'), "INSERT INTO t SELECT generate_series(1, {products}), '{a,b}'::text[];");
  expect(await seed({ sql: 'seed.sql' })).toEqual(["INSERT INTO t SELECT generate_series(1, 100), '{a,b}'::text[];"]);
});

test('SQL that fails is told with its file and line', async () => {
  writeFileSync(join(folder, 'bad.sql'), 'SELECT 1;\nSELEC 2;');
  const failure = Object.assign(new Error('syntax error at or near "SELEC"'), { position: '11' });
  await expect(seed({ sql: 'bad.sql' }, failure)).rejects.toMatchObject({
    code: 'SERVICE_FAILED',
    message: expect.stringMatching(/bad\.sql, line 2: syntax error/),
  });
  await expect(seed({ sql: 'none.sql' })).rejects.toMatchObject({ code: 'BAD_CONFIG' });
});

test('a command is told the direct addresses under the names of the service', async () => {
  const source = "require('node:fs').writeFileSync('told', process.env.CACHE + ' ' + process.argv[1])";
  await seed({ command: ['node', '-e', source, '{products}'], timeoutSec: 20 });
  expect(readFileSync(join(folder, 'told'), 'utf8')).toBe('127.0.0.1:6400 100');
});

test.each<[string, string, number, RegExp]>([
  [
    'fails',
    "console.error('no such column'); process.exit(2)",
    20,
    /seed of Own: .* ended with code 2; its last words:\nno such column/,
  ],
  ['hangs', 'setInterval(() => {}, 1000)', 1, /seed of Own: .* did not end within 1 s/],
])('a command that %s says so', async (_name, source, timeoutSec, message) => {
  await expect(seed({ command: ['node', '-e', source], timeoutSec })).rejects.toThrow(message);
});

test('another version of the service has its own command and folder, and the same seed', () => {
  const other = createOwnTarget(described, {
    configFolder: folder,
    override: { command: ['node', 'old.js', '{port}'], cwd: '/srv/old' },
  });
  const { command } = other;
  if (!('argv' in command)) throw new Error('it is no program');
  expect(command.cwd).toBe('/srv/old');
  const surroundings = { ...around, index: 0, listenHost: '127.0.0.1', listenPort: 4000 };
  expect(command.argv(plan, surroundings)).toEqual(['node', 'old.js', '4000']);
  expect(createOwnTarget(described, { configFolder: folder, override: { image: 'articles:1' } }).command).toMatchObject(
    {
      image: 'articles:1',
      containerPort: 8080,
    },
  );
});
