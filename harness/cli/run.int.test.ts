/** The whole way of a run on the local environment, as a user goes it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyResult, ComparisonResult, RunResult } from '../contract/result.ts';
import { runCli, startCli } from './test-support.ts';

/** Short, and calm enough for a busy machine: what is tested here is the way, not the figures. */
const SHORT = [
  '--env',
  'local',
  '--set',
  'durationSec=9',
  '--set',
  'warmUpSec=1',
  '--set',
  'ratePerSec=100',
  '--set',
  'ttlMs=1000',
  '--max-lag-p99-ms',
  '1000',
  '--max-rate-error',
  '0.2',
];

const SALE = [
  '--env=local',
  '--max-lag-p99-ms=1000',
  '--max-rate-error=0.3',
  ...['warmUpSec=1', 'calmSec=1', 'rushSec=3', 'endSec=1', 'units=20'].flatMap((set) => ['--set', set]),
];

/** Pids of the service's instances: processes of the shop in the keeper that this command line started. */
function servicesOf(cli: number): number[] {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
        return [{ pid: Number(name), parent, command: readFileSync(`/proc/${name}/cmdline`, 'utf8') }];
      } catch {
        return [];
      }
    });
  const childrenOf = (pid: number): typeof processes => processes.filter((one) => one.parent === pid);
  const below = (pid: number): typeof processes => childrenOf(pid).flatMap((one) => [one, ...below(one.pid)]);
  return below(cli)
    .filter((one) => one.command.includes('targets/shop/main'))
    .map((one) => one.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-run-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function resultIn(out: string): AnyResult {
  return JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as AnyResult;
}

describe('run', () => {
  test.concurrent('measures, breaks, judges and writes everything', async () => {
    const out = join(folder, 'run');
    const { code, stdout, stderr } = await runCli([
      'run',
      'hot-key',
      '-d',
      'single-flight',
      ...SHORT,
      '--fault',
      'redis-down@3s+1s',
      '--threshold',
      'errors<100%',
      '--out',
      out,
    ]);
    expect(stderr).toContain('redis-down');
    const result = resultIn(out) as RunResult;
    expect(result.validity.findings.filter((f) => !f.ok)).toEqual([]);
    expect(result.verdict.status).toBe('pass');
    expect(code).toBe(0);
    expect(stdout).toContain('report.html');
    for (const file of ['report.html', 'junit.xml', 'summary.md', 'metrics.txt', 'series.csv', 'latency.hlog'])
      expect(existsSync(join(out, file)), file).toBe(true);
    expect(result.faults[0]).toMatchObject({ fault: 'redis-down', error: null, confirmation: { active: true } });
    expect(result.checks).toContainEqual(expect.objectContaining({ id: 'identity', status: 'pass' }));
    // Two instances: two loads per expiry where both have readers, counted and not inferred.
    const loads = result.measures['before']!['db.loadsPerExpiry']!;
    expect(loads).toBeGreaterThanOrEqual(1);
    expect(loads).toBeLessThanOrEqual(2.5);
    expect(result.measures['during']!['db.loads']!).toBeGreaterThan(0);
  });

  test.concurrent('a failed threshold exits with 99 and says which', async () => {
    const out = join(folder, 'threshold');
    const { code, stdout } = await runCli([
      'run',
      'hot-key',
      ...SHORT,
      '--set',
      'durationSec=3',
      '--threshold',
      'p99<0.001ms',
      '--threshold',
      'errors<50%',
      '--out',
      out,
    ]);
    expect(code).toBe(99);
    expect(stdout).toMatch(/fail/i);
    expect((resultIn(out) as RunResult).thresholds.map((t) => t.status)).toEqual(['fail', 'pass']);
  });

  test.concurrent('an oversold sale fails by its check', async () => {
    const out = join(folder, 'oversold');
    const { code } = await runCli(['run', 'flash-sale', ...SALE, '--set', 'stock=ttl-cached', '--out', out]);
    const result = resultIn(out) as RunResult;
    expect(result.checks.find((c) => c.id === 'no-oversell')?.status).toBe('fail');
    expect(result.measures['run']!['stock.oversold']!).toBeGreaterThan(0);
    expect(code).toBe(99);
  });

  test.concurrent.each([
    ['sells-one-too-many', 'no-oversell'],
    ['loses-an-order', 'no-lost-order'],
    ['mixes-up-keys', 'identity'],
  ])('a service that %s is caught by the check %s', async (broken, check) => {
    const out = join(folder, broken);
    const { code } = await runCli(['run', 'flash-sale', ...SALE, '--out', out], { SHOP_BROKEN: broken });
    const result = resultIn(out) as RunResult;
    expect(result.plan.target.title).toContain(broken);
    expect(result.checks.filter((c) => c.status === 'fail').map((c) => c.id)).toContain(check);
    expect(code).toBe(99);
  });

  test.concurrent('a service that loses-a-write is caught by the check no-lost-write', async () => {
    const out = join(folder, 'loses-a-write');
    const sets = ['warmUpSec=1', 'durationSec=3'].flatMap((set) => ['--set', set]);
    const flags = ['--env=local', '--max-lag-p99-ms=1000', '--max-rate-error=0.3', ...sets, '--out', out];
    const { code } = await runCli(['run', 'write-race', ...flags], { SHOP_BROKEN: 'loses-a-write' });
    const result = resultIn(out) as RunResult;
    expect(result.checks.find((c) => c.id === 'no-lost-write')?.status).toBe('fail');
    expect(result.measures['run']!['writes.lost']!).toBeGreaterThan(0);
    expect(code).toBe(99);
  });

  test.concurrent('a service that dies during the run is said, and nothing is left running', async () => {
    const out = join(folder, 'died');
    const started = startCli(['run', 'hot-key', ...SHORT, '--set', 'durationSec=60', '--out', out]);
    await started.said('load for');
    const pids = servicesOf(started.child.pid!);
    expect(pids).toHaveLength(2);
    process.kill(pids[0]!, 'SIGKILL');
    const { code, stderr } = await started.done;
    expect(stderr).toMatch(/instance \d/);
    expect(code).toBe(3);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('Ctrl-C twice ends at once; its processes end with it, and clean takes back the rest', async () => {
    const started = startCli(['run', 'hot-key', ...SHORT, '--set', 'durationSec=60', '--out', join(folder, 'twice')]);
    await started.said('load for');
    const pids = servicesOf(started.child.pid!);
    expect(pids).toHaveLength(2);
    started.child.kill('SIGINT');
    await started.said('interrupted');
    started.child.kill('SIGINT');
    expect((await started.done).code).toBe(130);
    await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
    const { code, stdout } = await runCli(['clean']);
    expect(stdout).toMatch(/^removed: \d+ runs/);
    expect(code).toBe(0);
    expect((await runCli(['clean'])).stdout).toMatch(/^removed: 0 runs, 0 processes/);
  });

  test('Ctrl-C heals, writes what there is, marks it partial and exits with 130 within 10 s', async () => {
    const out = join(folder, 'interrupted');
    const started = startCli([
      'run',
      'hot-key',
      ...SHORT,
      '--set',
      'durationSec=60',
      '--fault',
      'redis-down@2s+30s',
      '--out',
      out,
    ]);
    await started.said('redis-down injected');
    const interruptedMs = performance.now();
    started.child.kill('SIGINT');
    const { code } = await started.done;
    expect(performance.now() - interruptedMs).toBeLessThan(10_000);
    expect(code).toBe(130);
    const result = resultIn(out) as RunResult;
    expect(result.partial).toBe(true);
    expect(result.verdict.status).toBe('unknown');
    expect(result.faults[0]!.healedAtMs).toBeGreaterThan(result.faults[0]!.injectedAtMs);
  });
});

test('compare runs each stack on the same traffic and renders again from the result alone', async () => {
  const out = join(folder, 'compare');
  const { stdout } = await runCli([
    'compare',
    'hot-key',
    '-d',
    'cache-aside,single-flight',
    ...SHORT,
    '--set',
    'durationSec=5',
    '--out',
    out,
  ]);
  const comparison = resultIn(out) as ComparisonResult;
  expect(comparison.runs.map((run) => run.plan.defence)).toEqual(['cache-aside', 'single-flight']);
  const [a, b] = comparison.runs.map((run) => run.slots.offered.reduce((sum, n) => sum + n, 0));
  expect(a).toBe(b);
  expect(stdout).toContain('single-flight');
  const html = readFileSync(join(out, 'report.html'), 'utf8');
  rmSync(join(out, 'report.html'));
  const again = await runCli(['report', out]);
  expect(again.code).toBe(0);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toBe(html);
});
