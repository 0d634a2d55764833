/** Each profile run for real and short: what it is there to show, and what it shows where the defence is missing. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunResult } from '../harness/contract/result.ts';
import { runCli } from '../harness/cli/test-support.ts';
import { makeTrace } from '../harness/kit/fixtures/make-trace.ts';

let folder: string;
let runs = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-profiles-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** On a busy machine, two at a time: what is counted is tested, not how fast it went. */
const CALM = ['--env=local', '--max-lag-p99-ms=2000', '--max-rate-error=0.5'];

async function run(profile: string, set: readonly string[], rest: readonly string[] = []): Promise<RunResult> {
  const out = join(folder, String(runs++));
  const sets = set.flatMap((assignment) => ['--set', assignment]);
  const { code, stderr } = await runCli(['run', profile, ...CALM, ...sets, ...rest, '--out', out]);
  expect(code, stderr).toBe(0);
  return JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as RunResult;
}

const whole = (result: RunResult, id: string): number => result.measures['run']![id] ?? NaN;

test.concurrent('a restart of the cache under load takes the hit ratio and gives its reads to the database', async () => {
  const result = await run('cold-start', ['ratePerSec=150', 'durationSec=6', 'keys=800', 'warmUpSec=1']);
  expect(result.faults).toMatchObject([{ fault: 'redis-restart', confirmation: { active: true } }]);
  const before = result.measures['before']!;
  const after = result.measures['after']!;
  expect(before['cache.hitRatio']).toBeGreaterThan(99);
  expect(before['db.loads']).toBe(0);
  expect(after['cache.hitRatio']).toBeLessThan(90);
  expect(after['db.loads']).toBeGreaterThan(50);
});

test.concurrent('reads of what does not exist are right answers, and without a defence each goes to the database', async () => {
  const result = await run('penetration', [
    'ratePerSec=150',
    'durationSec=5',
    'keys=300',
    'absentKeys=20',
    'warmUpSec=1',
  ]);
  expect(whole(result, 'errors.rate')).toBe(0);
  expect(whole(result, 'absent.rate')).toBeGreaterThan(22);
  expect(whole(result, 'absent.rate')).toBeLessThan(38);
  // Twenty absent keys, asked for over and over, and the cache has never an answer.
  expect(whole(result, 'db.queriesPerRequest')).toBeCloseTo(whole(result, 'absent.rate') / 100, 1);
});

// Alone: where it breaks depends on time.
test('a ramp breaks where the database has no more connections, and the rate before that is told', async () => {
  // Each load keeps a connection for 100 ms and nothing is ever cached: 2 connections make 20 loads a second.
  const ramp = [
    'fromPerSec=4',
    'toPerSec=100',
    'durationSec=10',
    'windowSec=1',
    'limitMs=600',
    'recomputeMs=100',
    'warmUpSec=1',
    'timeoutMs=1500',
  ];
  const result = await run('breakpoint', ramp, ['--defence=no-cache', '--instances=1', '--postgres-pool=2']);
  expect(whole(result, 'rate.held')).toBeGreaterThanOrEqual(8);
  expect(whole(result, 'rate.brokeAt')).toBeGreaterThan(whole(result, 'rate.held'));
  expect(whole(result, 'rate.brokeAt')).toBeLessThan(70);
  expect(result.verdict.sentence).toMatch(/broke at \d+\/s/);
});

test.concurrent('a short soak has all its lines, and connections do not grow', async () => {
  const result = await run('soak', ['ratePerSec=100', 'durationSec=12', 'keys=200', 'warmUpSec=2', 'settleShare=0.3']);
  for (const id of ['serviceMemory', 'redisMemory', 'databaseConnections', 'redisConnections', 'p99'])
    expect(Number.isFinite(whole(result, `drift.${id}`)), id).toBe(true);
  expect(whole(result, 'drift.redisConnections')).toBe(0);
});

test.concurrent('the session preset reads and writes alike, in answers of the published size', async () => {
  const result = await run('trace-preset', [
    'preset=session',
    'ratePerSec=150',
    'durationSec=4',
    'keys=300',
    'warmUpSec=1',
  ]);
  const count = (operation: string): number =>
    result.histograms
      .filter((record) => record.operation === operation && record.clock === 'intended')
      .reduce((sum, record) => sum + record.count, 0);
  const share = count('write-item') / (count('read-item') + count('write-item'));
  expect(share).toBeGreaterThan(0.4);
  expect(share).toBeLessThan(0.6);
  expect(whole(result, 'errors.rate')).toBe(0);
  expect(whole(result, 'cache.hitRatio')).toBeLessThan(80);
});

test.concurrent('a replayed trace arrives with its own bursts and nothing else', async () => {
  const made = makeTrace(5, 8, [20, 150]);
  const file = join(folder, 'trace.csv');
  writeFileSync(file, made.csv);
  const result = await run('replay', [`file=${file}`, 'speed=2']);
  expect(result.validity.valid).toBe(true);
  const { offered, slotMs } = result.slots;
  expect(offered.reduce((sum, count) => sum + count, 0)).toBe(made.requests);
  const perRecordedSec = made.perSec.map((_, s) => {
    const from = (s * 500) / slotMs;
    return offered.slice(from, from + 500 / slotMs).reduce((sum, count) => sum + count, 0);
  });
  expect(perRecordedSec).toEqual(made.perSec);
  expect(whole(result, 'errors.rate')).toBe(0);
});

test.concurrent('Redis keeps to its limit by evicting, and without eviction new keys are never cached', async () => {
  const set = [
    'ratePerSec=200',
    'durationSec=5',
    'warmUpSec=6',
    'maxmemoryKb=2048',
    'payloadBytes=8000',
    'keys=600',
    'recomputeMs=2',
    'exponent=0.6',
  ];
  const lru = await run('eviction-pressure', set);
  expect(whole(lru, 'redis.evictions')).toBeGreaterThan(20);
  expect(whole(lru, 'redis.memory')).toBeLessThan(1.1 * 2048 * 1024);
  expect(whole(lru, 'cache.hitRatio')).toBeLessThan(80);
  const refusing = await run('eviction-pressure', [...set, 'policy=noeviction']);
  expect(whole(refusing, 'redis.evictions')).toBe(0);
  expect(whole(refusing, 'errors.rate')).toBe(0);
  // The database has done the work, and there was no room for what it found.
  const wasted = refusing.measures['run']!['db.loads']!;
  expect(wasted).toBeGreaterThan(100);
});

test.concurrent('the published experiment runs with its settings and a stampede at each expiry', async () => {
  const result = await run('xfetch-redisconf', ['timeScale=0.1', 'durationSec=6', 'warmUpSec=1']);
  expect(result.plan.ttlMs).toBe(2000);
  expect(result.plan.service.postgresPool).toBe(50);
  expect(result.plan.provenance['postgresPool']).toBe('profile');
  expect(whole(result, 'db.loadsPerExpiry')).toBeGreaterThan(15);
});
