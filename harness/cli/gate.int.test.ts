/**
 * Gates as a team calls them, with the example service in a repository of its own: real builds, real trials, real exit
 * codes. Trials are far too short to judge times, and tolerances wide: what is tested here is the way, and that what was
 * planted is found.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GateResult } from '../contract/gate.ts';
import { packageRoot } from '../kit/package-root.ts';
import { runCli, startCli } from './test-support.ts';

const PATH = [dirname(process.execPath), process.env['PATH']].join(delimiter);
const MODULES = join(packageRoot, 'node_modules');

let folder: string;
let repository: string;
let config: string;

function git(...args: string[]): string {
  const as = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];
  return execFileSync('git', ['-C', repository, ...as, ...args], { encoding: 'utf8' }).trim();
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-gate-'));
  repository = join(folder, 'articles');
  cpSync(join(packageRoot, 'examples', 'own-service'), repository, {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  symlinkSync(MODULES, join(repository, 'node_modules'));
  writeFileSync(join(repository, '.gitignore'), 'node_modules\n');
  config = join(repository, 'cachequake.config.ts');
  const own = (
    (await import(join(packageRoot, 'examples', 'own-service', 'cachequake.config.ts'))) as { default: object }
  ).default;
  const gate = {
    // What `npm ci` would be elsewhere: a worktree has no dependencies of its own.
    build: `ln -s '${MODULES}' node_modules && echo built`,
    design: 'duet',
    noisePairs: 0,
    alpha: 0.2,
    tolerances: {
      queriesPerRequest: '100%',
      opsPerRequest: '50%',
      bytesPerRequest: '50%',
      hitRatio: '30pt',
    },
  };
  writeFileSync(config, `export default ${JSON.stringify({ ...own, instances: 1, gate }, null, 2)};\n`);
  git('init', '--quiet', '--initial-branch', 'main');
  git('add', '.');
  git('commit', '--quiet', '-m', 'the service');
  const slowdowns = join(repository, 'slowdowns.js');
  const text = readFileSync(slowdowns, 'utf8');
  // Every request asks the database once more, also when the cache answers.
  writeFileSync(slowdowns, text.replace(`'EXTRA_QUERY_SHARE', 0)`, `'EXTRA_QUERY_SHARE', 1)`));
  git('commit', '--quiet', '-a', '-m', 'a query more');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SHORT = [
  '--env=local',
  '--max-lag-p99-ms=2000',
  '--max-rate-error=0.5',
  '--max-generator-cpu-share=1',
  ...['warmUpSec=0.5', 'ratePerSec=150', 'keys=20', 'ttlMs=400', 'recomputeMs=10'].flatMap((set) => ['--set', set]),
];
const gate = (...args: string[]): string[] => ['gate', 'hot-key', '--config', config, ...SHORT, ...args];
const run = (args: string[], environment: Record<string, string> = {}): ReturnType<typeof runCli> =>
  runCli(args, { PATH, GITHUB_ACTIONS: undefined, GITHUB_STEP_SUMMARY: undefined, ...environment });
const resultIn = (out: string): GateResult => JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as GateResult;
const outcomeOf = (result: GateResult, id: string): string | undefined =>
  result.measures.find((measure) => measure.id === id)?.outcome;

test('a query too many in the candidate is found against the commit before it', async () => {
  const out = join(folder, 'git');
  const looks = ['--first-look', '6', '--last-look', '6', '--trial', '1s'];
  const { code, stdout, stderr } = await run(gate('--base', 'HEAD~1', ...looks, '-o', out));
  expect(stderr).toMatch(/base: checking out git HEAD~1 \(\w{7}\)/);
  expect(stderr).toMatch(/base: building with ln -s/);
  expect(code, stdout + stderr).toBe(99);
  const result = resultIn(out);
  expect(result).toMatchObject({ kind: 'gate', decision: 'regressed', evidence: 'side-by-side', design: 'duet' });
  expect(outcomeOf(result, 'db.queriesPerRequest')).toBe('regressed');
  expect(result.sides.map(({ title }) => title)).toEqual([
    expect.stringMatching(/^git HEAD~1/),
    expect.stringMatching(/^the working folder \(\w{7}\)$/),
  ]);
  expect(result.trials).toHaveLength(12);
  expect(readFileSync(join(out, 'build-base.log'), 'utf8')).toBe('built\n');
  for (const file of ['report.html', 'junit.xml', 'summary.md', 'metrics.txt'])
    expect(existsSync(join(out, file)), file).toBe(true);
  // The checkout is gone, and git knows.
  expect(git('worktree', 'list').split('\n')).toHaveLength(1);
  expect(git('status', '--porcelain')).toBe('');

  const again = join(folder, 'again');
  expect((await run(['report', out, '-o', again])).code).toBe(0);
  expect(readFileSync(join(again, 'summary.md'), 'utf8')).toBe(readFileSync(join(out, 'summary.md'), 'utf8'));
});

describe('a baseline', () => {
  const looks = ['--first-look', '6', '--last-look', '6', '--baseline-trials', '6', '--trial', '1s'];
  const CLEAN = { EXTRA_QUERY_SHARE: '0' };

  let file: string;
  let text: string;

  test('is accepted from sound trials', async () => {
    file = join(folder, 'baseline.json');
    const { code, stdout, stderr } = await run(
      gate('--baseline', file, '--accept', ...looks, '-o', join(folder, 'accept')),
      CLEAN,
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^accepted {2}.*baseline\.json: \d+ counts from 6 trials of the working folder/);
    text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^ {4}"db\.queriesPerRequest": \[(0\.\d+(, )?){6}\],$/m);
  });

  test('holds where nothing has changed; times are told and not judged', async () => {
    const out = join(folder, 'held');
    const { code, stdout, stderr } = await run(gate('--baseline', file, ...looks, '-o', out), CLEAN);
    expect(code, stdout + stderr).toBe(0);
    expect(resultIn(out)).toMatchObject({ evidence: 'baseline', design: null, baseline: { sameMachine: true } });
    expect(outcomeOf(resultIn(out), 'latency.p50')).toBe('reported');
  });

  test('catches what was planted, and stays as it was', async () => {
    const out = join(folder, 'caught');
    const { code, stdout, stderr } = await run(gate('--baseline', file, ...looks, '-o', out), {
      EXTRA_QUERY_SHARE: '1',
    });
    expect(code, stdout + stderr).toBe(99);
    expect(outcomeOf(resultIn(out), 'db.queriesPerRequest')).toBe('regressed');
    expect(resultIn(out).acceptCommand).toMatch(/--accept$/);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('of another experiment is refused with both values', async () => {
    const { code, stderr } = await run(gate('--baseline', file, ...looks, '--set', 'keys=21'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/parameter keys: the baseline has 20, this run has 21[^]*--accept/);
  });
});

test('a candidate that does not start has regressed, with its last words', async () => {
  const out = join(folder, 'broken');
  writeFileSync(join(repository, 'broken.js'), `console.error('no licence'); process.exit(3);\n`);
  try {
    const { code, stderr } = await run(
      gate('--base', 'command:node server.js', '--candidate', 'broken.js', '--trial', '1s', '-o', out),
    );
    expect(code, stderr).toBe(99);
    expect(resultIn(out).verdict.sentence).toBe('the candidate does not start');
    expect(resultIn(out).guards[0]?.message).toContain('no licence');
  } finally {
    rmSync(join(repository, 'broken.js'));
  }
});

test('Ctrl-C writes what there is, never green, tells GitHub, and leaves nothing running', async () => {
  const out = join(folder, 'interrupted');
  const summary = join(folder, 'step-summary.md');
  const args = ['gate', 'hot-key', '--self-test', '--target', 'shop', '--trial', '1s', '--noise-pairs', '0', '-o', out];
  const started = startCli([...args, ...SHORT], { PATH, GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary });
  await started.said(/1 pair done/);
  started.child.kill('SIGINT');
  const { code, stdout, stderr } = await started.done;
  expect(code, stderr).toBe(130);
  const result = resultIn(out);
  expect(result).toMatchObject({ partial: true, decision: 'undecided' });
  expect(result.trials.length).toBeGreaterThanOrEqual(2);
  expect(result.verdict.sentence).toMatch(/^interrupted: /);
  expect(readFileSync(summary, 'utf8')).toContain('<!-- cachequake-gate -->');
  expect(stdout).toMatch(/^::warning /m);
});

describe('refused before anything starts', () => {
  test.each<[string, () => string[], RegExp]>([
    ['the same commit', () => gate('--base', 'HEAD'), /base and candidate are the same: commit \w{7}[^]*--self-test/],
    ['a ref that is not there', () => gate('--base', 'git:mian'), /there is no commit 'mian'/],
    ['nothing to compare with', () => gate(), /nothing to compare with[^]*--base/],
    ['two ways at once', () => gate('--base', 'HEAD~1', '--self-test'), /--base and --self-test exclude each other/],
    [
      'a base for the shop',
      () => gate('--base', 'HEAD~1', '--target', 'shop'),
      /Reference shop has no other version[^]*new config/,
    ],
    ['--accept without a baseline', () => gate('--base', 'HEAD~1', '--accept'), /--accept goes with --baseline/],
    ['no baseline', () => gate('--baseline', join(folder, 'none.json')), /there is no baseline at [^]*--accept/],
    ['a threshold', () => gate('--base', 'HEAD~1', '--threshold', 'p99<5ms'), /--threshold goes with `run`/],
    ['an unknown measure', () => gate('--base', 'HEAD~1', '--tolerance', 'p98=5%'), /p98/],
    [
      'a trial too short for the tolerance that was named',
      () => gate('--base', 'HEAD~1', '--trial', '2s', '--tolerance', 'p99=10%'),
      /latency\.p\d+ needs \d+ requests in a trial/,
    ],
    ['an image without docker', () => gate('--base', 'image:shop:1'), /is an image[^]*--env docker/],
    ['a wrong budget', () => gate('--base', 'HEAD~1', '--budget', '10'), /--budget: write a number with its unit/],
  ])('%s', async (_, args, message) => {
    const { code, stderr } = await run(args());
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stderr).not.toContain('starting Redis');
  });
});
