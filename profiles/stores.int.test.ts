/** Profiles about stores and what stands behind them, run for real and short: each shows what it is there to show. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ComparisonResult, RunResult } from '../harness/contract/result.ts';
import { runCli } from '../harness/cli/test-support.ts';

let folder: string;
let runs = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-profiles-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** On a busy machine: what is counted is tested, not how fast it went. */
const CALM = ['--env=local', '--max-lag-p99-ms=2000', '--max-rate-error=0.5', '--defence=cache-aside'];

async function compare(
  profile: string,
  vary: string,
  set: readonly string[],
): Promise<{ runs: readonly RunResult[]; out: string }> {
  const out = join(folder, String(runs++));
  const sets = set.flatMap((assignment) => ['--set', assignment]);
  const { code, stderr } = await runCli(['compare', profile, ...CALM, '--vary', vary, ...sets, '--out', out]);
  expect(code, stderr).toBe(0);
  return { runs: (JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as ComparisonResult).runs, out };
}

const figure = (result: RunResult, phase: string, id: string): number => result.measures[phase]?.[id] ?? NaN;

test.concurrent('a shard that is added costs few misses on the ring, and most keys by modulo; without it the keys are back', async () => {
  const { runs: both } = await compare('reshard', 'placement=modulo,consistent', [
    'ratePerSec=150',
    'durationSec=6',
    'keys=300',
    'warmUpSec=1',
    'recomputeMs=5',
  ]);
  const [modulo, consistent] = both as [RunResult, RunResult];
  for (const run of [modulo, consistent]) {
    expect(run.plan.store.id).toBe('redis-shards');
    expect(run.faults.map(({ confirmation }) => confirmation.active)).toEqual([true, true]);
    expect(figure(run, 'before', 'cache.hitRatio')).toBeGreaterThan(99);
    expect(figure(run, 'after', 'cache.hitRatio')).toBeGreaterThan(99);
  }
  const moved = (run: RunResult): number =>
    Number(/([\d.]+) % of the keys/.exec(run.faults[0]!.confirmation.evidence)![1]);
  expect(moved(modulo)).toBeGreaterThan(70);
  expect(moved(consistent)).toBeLessThan(35);
  expect(figure(modulo, 'during', 'db.loads')).toBeGreaterThan(1.5 * figure(consistent, 'during', 'db.loads'));
});

test.concurrent('Redis does what the mode of persistence says, and only that', async () => {
  const { runs: made, out } = await compare('persistence', 'mode=none,rdb,aof-always', [
    'ratePerSec=60',
    'durationSec=3',
    'warmUpSec=1',
    'keys=50',
  ]);
  for (const run of made) expect(figure(run, 'run', 'errors.rate')).toBe(0);
  const log = readFileSync(join(out, 'redis.log'), 'utf8');
  expect(log).toMatch(/1 changes in 1 seconds\. Saving/);
  // Turning the log on writes what is there into it; once for the one mode that has it.
  expect(log.match(/Background append only file rewriting started/g)).toHaveLength(1);
});

test('without its index the database spends more time on the same misses', async () => {
  const { runs: both } = await compare('catalogue-growth', 'index=true,false', [
    'ratePerSec=30',
    'durationSec=4',
    'warmUpSec=1',
    'keys=500',
    'reviewsPerProduct=200',
  ]);
  const [withIndex, without] = both as [RunResult, RunResult];
  expect(figure(withIndex, 'run', 'db.loads')).toBeGreaterThan(20);
  expect(figure(without, 'run', 'db.timeShare')).toBeGreaterThan(1.5 * figure(withIndex, 'run', 'db.timeShare'));
});
