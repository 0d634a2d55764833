/**
 * The CI recipes: their shell is taken out of the YAML and run, with a packed Cachequake, the example service and short
 * gates. The GitLab job comes first, since it installs what the others use.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseJunit } from 'junit2json';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { packageRoot, packageVersion } from '../harness/kit/package-root.ts';
import { type ActionRun, readAction, runAction } from './test-support-action.ts';
import { emptyProject, type Finished, mustRun, NPM_QUIET, packInto, runIn } from './test-support.ts';
import { temporaryFolder, userEnvironment } from './test-support.ts';

/** Far too short to judge a service by: what is tested here is the way. Calm enough for a busy machine. */
const SETTINGS = {
  instances: 1,
  env: 'local',
  maxLagP99Ms: 2000,
  maxRateError: 0.5,
  maxGeneratorCpuShare: 1,
  set: { durationSec: 1, warmUpSec: 0.5, ratePerSec: 150, keys: 20, ttlMs: 400, recomputeMs: 10 },
};
const GATE = {
  firstLook: 6,
  lastLook: 6,
  baselineTrials: 6,
  alpha: 0.2,
  tolerances: {
    p50: '500%',
    p95: '500%',
    p99: '500%',
    'rate.achieved': '50%',
    queriesPerRequest: '100%',
    opsPerRequest: '50%',
    bytesPerRequest: '50%',
    hitRatio: '30pt',
    errors: '1pt',
  },
};
/** Each request asks the database once more: the regression that is planted. */
const SLOWER = { EXTRA_QUERY_SHARE: '1' };

let folder: string;
let project: string;
let tarball: string;
let env: Record<string, string>;
let runs = 0;

beforeAll(async () => {
  folder = temporaryFolder('recipes');
  project = join(folder, 'project');
  env = userEnvironment(folder);
  ({ tarball } = await packInto(folder));
  const example = join(packageRoot, 'examples', 'own-service');
  emptyProject(project);
  for (const file of ['server.js', 'slowdowns.js', 'seed.sql']) cpSync(join(example, file), join(project, file));
  const { default: config } = (await import(join(example, 'cachequake.config.ts'))) as { default: object };
  writeFileSync(join(project, 'cachequake.config.json'), JSON.stringify({ ...config, ...SETTINGS, gate: GATE }));
  await mustRun(project, 'npm', ['install', '--package-lock-only', ...NPM_QUIET, tarball], env);
  writeFileSync(join(project, '.gitignore'), 'node_modules\nbaseline.json\ncachequake-report\n');
  const git = (...args: string[]): Promise<Finished> =>
    mustRun(project, 'git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], env);
  await git('init', '--quiet');
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'the service');
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface GitlabJob {
  variables: Record<string, string>;
  before_script: string[];
  script: string[];
  allow_failure: { exit_codes: number };
  artifacts: { when: string; paths: string[]; reports: { junit: string } };
}

describe('the GitLab job', () => {
  const text = readFileSync(join(packageRoot, 'docs/ci/gitlab-cachequake.yml'), 'utf8');
  const job = (parse(text) as { cachequake: GitlabJob }).cachequake;

  /** As the runner does: variables first, then the lines as one script that ends at the first failure. */
  function runJob(lines: readonly string[], own: Record<string, string>): Promise<Finished> {
    for (const name of Object.keys(own))
      if (name.startsWith('GATE_') && !(name in job.variables)) throw new Error(`the job has no variable ${name}`);
    const script = join(folder, `job-${runs++}.sh`);
    writeFileSync(script, lines.join('\n'));
    return runIn(project, 'bash', ['-eo', 'pipefail', script], { ...env, CI: 'true', ...job.variables, ...own });
  }
  const stored = { GATE_BASE: '', GATE_BUILD: '', GATE_BASELINE: 'baseline.json' };

  test('installs, and accepts a baseline', async () => {
    const accept = { ...stored, GATE_ARGUMENTS: '--accept' };
    const { code, stdout, stderr } = await runJob([...job.before_script, ...job.script], accept);
    expect(code, stdout + stderr).toBe(0);
    expect(existsSync(join(project, 'baseline.json'))).toBe(true);
  }, 240_000);

  test('ends with 0 where nothing has changed, with its tests where GitLab looks for them', async () => {
    const { code, stdout, stderr } = await runJob(job.script, stored);
    expect(code, stdout + stderr).toBe(0);
    for (const path of job.artifacts.paths) expect(existsSync(join(project, path, 'report.html'))).toBe(true);
    const report = await parseJunit(readFileSync(join(project, job.artifacts.reports.junit), 'utf8'));
    const suites = report && 'testsuite' in report ? (report.testsuite ?? []) : [];
    const measures = suites.flatMap((suite) => suite.testcase ?? []);
    expect(measures.length).toBeGreaterThan(3);
    expect(measures.filter((one) => one.failure !== undefined)).toEqual([]);
  }, 240_000);

  test('ends with the gate’s own code', async () => {
    const { code, stderr } = await runJob(job.script, { ...stored, GATE_PROFILE: 'no-such' });
    expect(code, stderr).toBe(2);
  });

  test('undecided is the one code that does not fail it, and its report is kept however it ends', () => {
    expect(job.allow_failure.exit_codes).toBe(4);
    expect(job.artifacts.when).toBe('always');
  });
});

describe('the GitHub action', () => {
  const act = (inputs: Record<string, string>, own: Record<string, string> = {}): Promise<ActionRun> => {
    const files = join(folder, `action-${runs++}`);
    mkdirSync(files, { recursive: true });
    return runAction(files, folder, { 'working-directory': 'project', ...inputs }, { ...env, ...own });
  };
  const UPLOAD = 'actions/upload-artifact@v4';

  test('no text of a workflow stands inside a script, where it would be run', () => {
    const { runs: parts } = readAction();
    expect(parts.using).toBe('composite');
    const scripts = parts.steps.filter((step) => step.run !== undefined);
    expect(scripts.length).toBeGreaterThan(1);
    for (const step of scripts) expect(step.run).not.toContain('${{');
  });

  test.concurrent('what passes ends with 0; its report is kept and its summary shown', async () => {
    const { code, outputs, used, log, summary } = await act({ command: 'run' });
    expect(code, log).toBe(0);
    expect(outputs).toMatchObject({ decision: 'pass', 'exit-code': '0' });
    const report = outputs['report-path']!;
    for (const file of ['report.html', 'result.json', 'junit.xml', 'summary.md'])
      expect(existsSync(join(report, file)), file).toBe(true);
    expect(used[UPLOAD]).toMatchObject({ name: 'cachequake-report', path: report });
    expect(used['actions/setup-node@v4']).toMatchObject({ 'node-version': '24' });
    expect(summary).toBe(readFileSync(join(report, 'summary.md'), 'utf8'));
  });

  test.concurrent('a regression ends with 99, is annotated and summed up, and its report is kept all the same', async () => {
    const inputs = { baseline: 'baseline.json', artifact: 'mine', arguments: '--first-look=6\n--last-look=6\n' };
    const { code, outputs, used, log, summary } = await act(inputs, SLOWER);
    expect(code, log).toBe(99);
    expect(outputs).toMatchObject({ decision: 'regressed', 'exit-code': '99' });
    expect(used[UPLOAD]).toMatchObject({ name: 'mine', path: outputs['report-path'] });
    expect(log).toMatch(/^::error /m);
    expect(summary).toMatch(/queries per request/i);
  }, 240_000);

  test.concurrent.each([
    ['fail', 4],
    ['warn', 0],
  ])('what cannot be told ends as the workflow says: %s', async (undecided, expected) => {
    // Two trials are fewer than any decision needs.
    const inputs = { baseline: 'baseline.json', arguments: '--first-look=2\n--last-look=2\n', artifact: '', undecided };
    const { code, outputs, log, used } = await act(inputs);
    expect(code, log).toBe(expected);
    expect(outputs).toMatchObject({ decision: 'undecided', 'exit-code': '4' });
    expect(log.includes('::warning title=Cachequake::')).toBe(undecided === 'warn');
    expect(used[UPLOAD]).toBeUndefined();
  });

  test('what is wrong ends with 2 and keeps nothing: the same commit on both sides, texts that a shell would run', async () => {
    const same = await act({ base: 'HEAD', build: 'npm ci', budget: '1m', tolerance: 'p99=500%\nerrors=1pt\n' });
    expect(same.code, same.log).toBe(2);
    expect(same.log).toContain('base and candidate are the same');
    expect(same.outputs).toEqual({ decision: 'error', 'exit-code': '2', 'report-path': '' });
    const planted = join(folder, 'planted');
    const hostile = await act({ profile: `x"; touch ${planted}; $(touch ${planted})`, baseline: 'baseline.json' });
    expect(hostile.code).toBe(2);
    expect(hostile.used[UPLOAD]).toBeUndefined();
    expect(existsSync(planted)).toBe(false);
  });

  test('a project without it has the wanted version installed outside of the checkout', async () => {
    const bare = join(folder, 'bare');
    mkdirSync(bare);
    // A runner that has the dependencies from an earlier job: only the package itself is missing.
    const tools = join(folder, `action-${runs}`, 'runner', 'cachequake');
    emptyProject(tools);
    await mustRun(folder, 'cp', ['-Rl', join(project, 'node_modules'), tools], env);
    for (const own of ['cachequake', '.bin/cachequake', '.package-lock.json'])
      rmSync(join(tools, 'node_modules', own), { recursive: true });
    const { log, outputs } = await act({
      version: tarball,
      'working-directory': 'bare',
      profile: 'no-such',
      command: 'run',
    });
    expect(log).toContain(`Cachequake ${packageVersion()}`);
    expect(log).toContain('no-such');
    expect(outputs['exit-code']).toBe('2');
    expect(existsSync(join(bare, 'node_modules'))).toBe(false);
  }, 240_000);
});
