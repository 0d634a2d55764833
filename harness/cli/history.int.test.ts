import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeRun } from '../../reports/fixtures/make-fixture.ts';
import { packageRoot } from '../kit/package-root.ts';
import { serialiseResult } from '../results/serialise.ts';
import { runCli } from './test-support.ts';

let folder: string;

/** 24 runs of which the last twelve are slower, one of schema version 1, one broken, one cut off, and a link. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-history-'));
  const run = makeRun({ durationMs: 3000, fault: null, defence: 'lock-wait' });
  for (let i = 0; i < 24; i++) {
    run.runId = `run-${String(i).padStart(2, '0')}`;
    run.startedAt = new Date(Date.UTC(2026, 0, 1 + i)).toISOString();
    run.measures['run']!['latency.p99'] = (i < 12 ? 20 : 26) + ((i * 7) % 5) / 10;
    await put(join('runs', run.runId), serialiseResult(run));
  }
  await put('old', readFileSync(join(packageRoot, 'harness/results/fixtures/run-v1.json'), 'utf8'));
  await put('broken', '{"kind":"run"');
  await put('newer', JSON.stringify({ kind: 'run', schemaVersion: 99, cachequakeVersion: '9.0.0' }));
  symlinkSync('run-23', join(folder, 'runs', 'latest'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function put(name: string, text: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, 'result.json'), text);
}

test('the change is told on stdout, what could not be read on stderr, and neither fails', async () => {
  const done = await runCli(['history', folder]);
  expect(done.code).toBe(0);
  expect(done.stdout).toMatch(/^p99 latency changed once to the worse/);
  expect(done.stdout).toMatch(/✕ worse from 2026-01-13 00:00: 20\.2.ms to 26\.2.ms, \+30.%/);
  expect(done.stdout).toContain('first after  run-12, commit –');
  expect(done.stdout).toMatch(/24.results from 2026-01-01 to 2026-01-24/);
  expect(done.stderr).toContain('2 could not be read:');
  expect(done.stderr).toMatch(/broken\/result\.json: .*not JSON/);
  expect(done.stderr).toMatch(/newer\/result\.json: .*schema version 99/);
});

test('--fail-on-change exits with 99 where it got worse, and only in the time asked for', async () => {
  expect((await runCli(['history', folder, '--fail-on-change'])).code).toBe(99);
  const since = await runCli(['history', folder, '--fail-on-change', '--since', '2026-01-13']);
  expect(since.code).toBe(0);
  expect(since.stdout).toMatch(/before the time asked for/);
});

test('the format follows the ending of the file, or is named', async () => {
  const file = join(folder, 'out.html');
  const html = await runCli(['history', folder, '-o', file]);
  expect(html.stdout).toBe('');
  expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>.*p99 latency changed once/s);
  const json = await runCli(['history', folder, '--format', 'json', '--measure', 'hitRatio']);
  expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'history', measure: { id: 'cache.hitRatio' } });
  const csv = await runCli(['history', folder, '--format', 'csv']);
  expect(csv.stdout.split('\r\n').filter((line) => line.endsWith(',worse')).length).toBe(1);
});

test('what was typed wrong is said with what would be right', async () => {
  for (const [args, said] of [
    [[join(folder, 'nowhere')], /there is no folder/],
    [[join(folder, 'runs', 'run-00', 'result.json')], /is a file.*\n.*name the folder/],
    [[folder, '--measure', 'p999999'], /there is no measure 'p999999'.*\n.*did you mean/],
    [[folder, '--since', 'yesterday'], /'yesterday' is no time.*\n.*90d/],
    [[folder, '--permutations', '5'], /--permutations must be/],
  ] as const) {
    const done = await runCli(['history', ...args]);
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(said);
  }
  await mkdir(join(folder, 'empty'), { recursive: true });
  const empty = await runCli(['history', join(folder, 'empty')]);
  expect(empty.code).toBe(2);
  expect(empty.stderr).toMatch(/no result\.json below/);
});

test('results without the measure are counted; one of an older version is lifted and shown', async () => {
  const done = await runCli(['history', folder, '--measure', 'during.p99']);
  expect(done.code).toBe(0);
  expect(done.stdout).toMatch(/24.results without a value of p99 latency during the fault/);
  expect(done.stdout).toMatch(/hot-key, xfetch\n.*\none result, .*nothing to compare with/);
});
