/** The example service as its users would run it: from its folder, through the command line, with its own config. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { RunResult } from '../../harness/contract/result.ts';
import { pingEngine } from '../../harness/environment/docker-engine.ts';
import { entryPoint, packageRoot } from '../../harness/kit/package-root.ts';

const EXAMPLE = join(packageRoot, 'examples', 'own-service');
const work = mkdtempSync(join(tmpdir(), 'cachequake-own-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));
const ping = await pingEngine();

/** A machine that is busy with something else shall not fail a test of what is measured. */
const PATIENT = ['--max-lag-p99-ms', '10000', '--max-dropped-share', '1', '--max-rate-error', '1'];
const SHORT = ['--set', 'durationSec=4', '--set', 'warmUpSec=1', '--set', 'ratePerSec=100'];

interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

async function cachequake(
  cwd: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [entryPoint('harness/cli/main'), ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...environment },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

let runs = 0;
async function run(
  cwd: string,
  args: readonly string[],
  environment?: Record<string, string>,
): Promise<Finished & { result: RunResult }> {
  const out = join(work, `run-${++runs}`);
  const finished = await cachequake(cwd, ['run', ...args, ...PATIENT, '--out', out], environment);
  expect(finished.stderr + finished.stdout).toContain('result.json');
  return { ...finished, result: JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as RunResult };
}

const valueOf = ({ measures }: RunResult, id: string): number | null => measures['run']![id] ?? null;

/** Serves items as a service of somebody else would, and counts what it is asked. */
async function serveItems(): Promise<{ server: Server; origin: string; asked: Map<string, number> }> {
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.set(path, (asked.get(path) ?? 0) + 1);
    const key = /^\/items\/(\d+)$/.exec(path)?.[1];
    // A page for everything else, as of a single-page application: no figures of ours, though it says 200.
    response.end(key === undefined ? '<html>welcome</html>' : `{"id":${key}}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe('the example service', () => {
  test.concurrent('is started, seeded, broken, watched and judged', async () => {
    const { code, result } = await run(EXAMPLE, ['hot-key', ...SHORT, '--fault', 'redis-down@1s+1s']);
    expect(result.plan).toMatchObject({ stack: [], label: 'Articles', environment: 'local', instances: 2 });
    expect(result.checks.find(({ id }) => id === 'identity')).toMatchObject({ status: 'pass' });
    expect(result.faults[0]).toMatchObject({ fault: 'redis-down', error: null, confirmation: { active: true } });
    // Its single-flight lets one load per article and process run; while Redis is away every reader would ask.
    expect(valueOf(result, 'db.queriesPerRequest')).toBeGreaterThan(0);
    expect(valueOf(result, 'db.queriesPerRequest')).toBeLessThan(1);
    expect(valueOf(result, 'redis.opsPerRequest')).toBeGreaterThan(0.3);
    expect(valueOf(result, 'cache.hitRatio')).toBeGreaterThan(20);
    // What only a service of ours could tell.
    expect(result.probes.map(({ probe }) => probe)).not.toContain('service');
    expect(valueOf(result, 'db.loadsPerExpiry')).toBeNull();
    expect([0, 99]).toContain(code);
  }, 150_000);

  test('can be made worse in known ways', async () => {
    const query = 'db.queriesPerRequest';
    // What is counted does not mind a neighbour.
    const [{ result: usual }, { result: extra }] = await Promise.all([
      run(EXAMPLE, ['hot-key', ...SHORT]),
      run(EXAMPLE, ['hot-key', ...SHORT], { EXTRA_QUERY_SHARE: '0.5' }),
    ]);
    expect(valueOf(extra, query)! - valueOf(usual, query)!).toBeCloseTo(0.5, 1);
    // About forty readers come while a value is made: each loads it, where one of them did for all.
    const slow = ['hot-key', ...SHORT, '--set', 'ratePerSec=200', '--set', 'recomputeMs=200'];
    const [{ result: alone }, { result: crowd }] = await Promise.all([
      run(EXAMPLE, slow),
      run(EXAMPLE, slow, { NO_SINGLE_FLIGHT: '1' }),
    ]);
    expect(valueOf(crowd, query)).toBeGreaterThan(1.5 * valueOf(alone, query)!);
    const { result: late } = await run(EXAMPLE, ['hot-key', ...SHORT], {
      TAIL_DELAY_SHARE: '0.1',
      TAIL_DELAY_MS: '400',
    });
    expect(valueOf(late, 'latency.p95')).toBeGreaterThan(380);
    expect(valueOf(late, 'latency.p50')).toBeLessThan(380);
  }, 300_000);
});

describe('a plain URL', () => {
  test.concurrent('is loaded and nothing else: what a Redis or a Postgres of ours would tell stays unknown', async () => {
    const { server, origin, asked } = await serveItems();
    try {
      const { code, result } = await run(work, [
        'mass-expiry',
        '--url',
        `${origin}/items/{key}`,
        '--set',
        'keys=50',
        ...SHORT,
      ]);
      expect(code).toBe(0);
      expect(result.verdict.status).toBe('pass');
      expect(result.environment).toMatchObject({ id: 'none', toxiproxy: 'none' });
      expect(result.probes).toEqual([]);
      for (const [id, value] of Object.entries(result.measures['run']!))
        if (/^(db|redis|cache|service|stock)\./.test(id) && !/share$|waiter/i.test(id)) expect(value, id).toBeNull();
      expect(valueOf(result, 'rate.achieved')).toBeGreaterThan(50);
      // Filled by reading each once, then read by the traffic.
      for (let key = 0; key < 50; key++) expect(asked.get(`/items/${key}`), `key ${key}`).toBeGreaterThan(0);
      expect([...asked.keys()].filter((path) => path.startsWith('/cachequake/')).length).toBeLessThan(3);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }, 150_000);

  test.concurrent('that asks for what is unknown is not green', async () => {
    const { server, origin } = await serveItems();
    try {
      const url = ['--url', `${origin}/items/{key}`];
      const { code, result } = await run(work, ['hot-key', ...url, ...SHORT, '--threshold', 'db.queriesPerRequest<1']);
      expect(code).toBe(4);
      expect(result.thresholds[0]).toMatchObject({ actual: null, status: 'unknown' });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }, 150_000);

  test.concurrent('where nobody answers is said with the address', async () => {
    const { server, origin } = await serveItems();
    server.close();
    const { code, stderr } = await cachequake(work, ['run', 'hot-key', '--url', `${origin}/items/{key}`]);
    expect(code).toBe(3);
    expect(stderr).toContain(`${origin}/items/0: no answer within 5 s`);
  }, 150_000);
});

describe('a service that does not come up', () => {
  const plainService = (listenOn: string): string =>
    `require('node:http').createServer((q, r) => r.end('ok')).listen(${listenOn}, '127.0.0.1')`;
  const start = async (name: string, target: object): Promise<Finished> => {
    const file = join(work, `${name}.json`);
    const operations = { 'read-item': { path: '/items/{key}' } };
    writeFileSync(file, JSON.stringify({ instances: 1, target: { needs: [], operations, ...target } }));
    return cachequake(work, ['run', 'hot-key', '--config', file, '--out', join(work, name)]);
  };

  test.concurrent.each<[string, object, RegExp]>([
    [
      'ends-at-once',
      { command: ['node', '-e', "console.error('no such table: press'); process.exit(3)"] },
      /instance 0 of own ended with code 3; its last words:\nno such table: press\n/,
    ],
    [
      'never-listens',
      { command: ['node', '-e', 'setInterval(() => {}, 1000)'], readiness: { timeoutSec: 1 } },
      /was not ready within 1 s \(\/: no answer\)/,
    ],
    [
      'never-ready',
      {
        command: ['node', '-e', plainService('process.env.PORT')],
        readiness: { path: '/up', timeoutSec: 1, status: 204 },
      },
      /was not ready within 1 s \(\/up: status 200\)/,
    ],
    [
      'listens-elsewhere',
      { command: ['node', '-e', plainService('0')], port: { variable: 'LISTEN_ON' }, readiness: { timeoutSec: 1 } },
      /was told by LISTEN_ON to listen on port \d+ and listens on \d+ instead[^]*port\.variable/,
    ],
    ['no-such-program', { command: './start-me' }, /instance 0 of own cannot be started: .*ENOENT[^]*start-me/],
  ])('%s', async (name, target, message) => {
    const { code, stderr } = await start(name, target);
    expect(stderr).toMatch(message);
    expect(code).toBe(3);
  });
});

describe('a service that needs no servers of ours', () => {
  test.concurrent('is started as a process, behind a package manager’s shell too, and nothing of it is left', async () => {
    const pidFile = join(work, 'pid');
    const source = `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
      require('node:http').createServer((q, r) => r.end('{}')).listen(process.argv[1], '127.0.0.1')`;
    writeFileSync(join(work, 'service.cjs'), source);
    const config = join(work, 'shell.json');
    const command = ['sh', '-c', 'node -e "$(cat service.cjs)" {port}; true'];
    const operations = { 'read-item': { path: '/items/{key}' } };
    writeFileSync(config, JSON.stringify({ instances: 1, target: { command, needs: [], operations } }));
    const { code, result } = await run(work, ['hot-key', '--config', config, ...SHORT]);
    expect(code).toBe(0);
    expect(result.plan.environment).toBe('none');
    const isThere = (): boolean => {
      try {
        return process.kill(Number(readFileSync(pidFile, 'utf8')), 0);
      } catch {
        return false;
      }
    };
    // Whoever adopts an orphan buries it, a moment later.
    await expect.poll(isThere, { timeout: 5000 }).toBe(false);
  }, 150_000);
});

describe.skipIf(!ping.answers)(`an image${ping.answers ? '' : `: skipped, ${ping.reason}`}`, () => {
  test.concurrent('is started as a container that is told its port and its addresses', async () => {
    const source = `require('node:http').createServer((q, r) => r.end(process.env.CACHE)).listen(process.env.PORT)`;
    const config = join(work, 'image.json');
    const target = {
      image: {
        name: process.env['CACHEQUAKE_NODE_IMAGE'] ?? 'node:24-bookworm-slim',
        port: 3123,
        arguments: ['node', '-e', source],
      },
      environment: { CACHE: '{redisHost}:{redisPort}' },
      operations: { 'read-item': { path: '/items/{key}', identity: 'toxiproxy:' } },
    };
    writeFileSync(config, JSON.stringify({ instances: 1, target }));
    const { result } = await run(work, ['hot-key', '--config', config, ...SHORT]);
    expect(result.environment.id).toBe('docker');
    expect(result.checks.find(({ id }) => id === 'identity')).toMatchObject({ status: 'pass' });
  }, 180_000);
});
