/** The package as it is published: packed, looked at, installed into an empty folder and used there. */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunResult } from '../harness/contract/result.ts';
import { packageRoot } from '../harness/kit/package-root.ts';
import { emptyProject, type Finished, mustRun, NPM_QUIET, packInto, type Packed, runIn } from './test-support.ts';
import { temporaryFolder, userEnvironment } from './test-support.ts';

/** Short, and calm enough for a busy machine. */
const SHORT = [
  '--env=local',
  '--max-lag-p99-ms=2000',
  '--max-rate-error=0.5',
  ...['durationSec=2', 'warmUpSec=1', 'ratePerSec=100'].flatMap((set) => ['--set', set]),
];

let folder: string;
let project: string;
let packed: Packed;
let env: Record<string, string>;

beforeAll(async () => {
  folder = temporaryFolder('package');
  project = join(folder, 'project');
  env = userEnvironment(folder);
  packed = await packInto(folder);
  emptyProject(project);
  await mustRun(project, 'npm', ['install', ...NPM_QUIET, packed.tarball], env);
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const npx = (...args: string[]): Promise<Finished> =>
  runIn(project, 'npx', ['--no-install', 'cachequake', ...args], env);
const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  devDependencies: Record<string, string>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

describe('what is in it', () => {
  test('everything that runs is there, and nothing that only a checkout needs', () => {
    const needed = ['README.md', 'LICENSE', 'dist/harness/cli/main.js', 'dist/harness/index.d.ts', 'docs/ci.md'];
    for (const file of [...needed, 'docs/ci/gitlab-cachequake.yml', 'examples/own-service/server.js'])
      expect(packed.files).toContain(file);
    expect(
      packed.files.filter((file) => /\.test\.|test-support|fixture|node_modules|\.map$|tsbuildinfo/.test(file)),
    ).toEqual([]);
    // TypeScript other than declarations could not be run inside node_modules.
    expect(packed.files.filter((file) => /^dist.*(?<!\.d)\.ts$/.test(file))).toEqual([]);
    expect(packed.bytes).toBeLessThan(1_000_000);
    expect(packed.unpackedBytes).toBeLessThan(5_000_000);
  });

  test('publint has nothing to say', async () => {
    const { messages, pkg } = await publint({
      pack: { tarball: new Uint8Array(readFileSync(packed.tarball)).buffer },
    });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test('types and modules agree wherever ES modules are imported', async () => {
    const result = await checkPackage(createPackageFromTarballData(readFileSync(packed.tarball)));
    if (!result.types) throw new Error('the package has no types');
    // The package is for ES modules alone: `require` and the resolution of Node 10 are not promised.
    const promised = result.problems.filter(
      (problem) => !('resolutionKind' in problem) || !['node10', 'node16-cjs'].includes(problem.resolutionKind),
    );
    expect(promised).toEqual([]);
    expect(Object.keys(result.entrypoints)).toContain('.');
  });
});

describe('installed in an empty folder', () => {
  test('no tool of the checkout and no optional library has come with it', () => {
    const { dependencies, devDependencies, peerDependencies } = manifest;
    const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dependencies?: object; optionalDependencies?: object }>;
    };
    const asked = Object.values(lock.packages).flatMap((one) =>
      Object.keys({ ...one.dependencies, ...one.optionalDependencies }),
    );
    const installed = (name: string): boolean => existsSync(join(project, 'node_modules', name));
    const uninvited = Object.keys({ ...devDependencies, ...peerDependencies }).filter((name) => !asked.includes(name));
    expect(uninvited.length).toBeGreaterThan(20);
    expect(uninvited.filter(installed)).toEqual([]);
    expect(Object.keys(dependencies).filter((name) => !installed(name))).toEqual([]);
  });

  test('it lists all that the checkout lists', async () => {
    const installed = await npx('list', '--json');
    expect(installed.code, installed.stderr).toBe(0);
    const checkout = await mustRun(packageRoot, 'node', ['harness/cli/main.ts', 'list', '--json'], env);
    expect(JSON.parse(installed.stdout)).toEqual(JSON.parse(checkout.stdout));
  });

  test('an optional library that is not there is refused, with the command that brings it', async () => {
    const { code, stderr } = await npx('compare', 'libraries', '--library', 'bentocache');
    expect(stderr).toContain('npm install --save-dev');
    expect(code).toBe(3);
  });

  test.each(['nodenext', 'bundler'])('a TypeScript file that uses it compiles with %s', async (resolution) => {
    const file = `consumer-${resolution}.ts`;
    writeFileSync(join(project, file), CONSUMER);
    const config = {
      compilerOptions: {
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        // The package's own declarations are checked too.
        skipLibCheck: false,
        noEmit: true,
        target: 'es2024',
        lib: ['es2024'],
        types: [],
        module: resolution === 'bundler' ? 'preserve' : 'nodenext',
        moduleResolution: resolution,
      },
      files: [file],
    };
    writeFileSync(join(project, `tsconfig.${resolution}.json`), JSON.stringify(config));
    const tsc = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    const { code, stdout } = await runIn(project, process.execPath, [tsc, '-p', `tsconfig.${resolution}.json`], env);
    expect(stdout).toBe('');
    expect(code).toBe(0);
  });

  test('a run with a defence of the user’s own, in TypeScript, writes everything', async () => {
    writeFileSync(join(project, 'mine.ts'), OWN_DEFENCE);
    const { code, stdout, stderr } = await npx('run', 'hot-key', '-d', './mine.ts', ...SHORT);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('cachequake-runs');
    const out = join(project, 'cachequake-runs', 'latest');
    const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as RunResult;
    expect(result.plan.defence).toBe('mine');
    expect(result.verdict.status).toBe('pass');
    expect(readdirSync(out)).toEqual(
      expect.arrayContaining(['report.html', 'junit.xml', 'summary.md', 'metrics.txt', 'series.csv', 'latency.hlog']),
    );
    const again = await npx('report', out);
    expect(again.code, again.stderr).toBe(0);
  });

  test('the example service is planned and run from a folder of its own', async () => {
    const service = join(project, 'articles');
    cpSync(join(project, 'node_modules', 'cachequake', 'examples', 'own-service'), service, { recursive: true });
    const out = join(folder, 'articles');
    const call = ['--no-install', 'cachequake', 'run', 'hot-key', ...SHORT, '--out', out];
    const { code, stderr } = await runIn(service, 'npx', call, env);
    expect(code, stderr).toBe(0);
    const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as RunResult;
    expect(result.plan.target.id).toBe('articles');
    expect(result.measures['run']!['db.queriesPerRequest']).toBeGreaterThan(0);
  });

  test('a config and a defence that `new` writes are read as they are', async () => {
    const fresh = join(project, 'fresh');
    mkdirSync(fresh);
    for (const [kind, name] of [['config'], ['defence', 'my-own']] as const)
      await mustRun(fresh, 'npx', ['--no-install', 'cachequake', 'new', kind, ...(name ? [name] : [])], env);
    expect(readdirSync(fresh).sort()).toEqual(['cachequake.config.ts', 'my-own.ts']);
    const call = ['--no-install', 'cachequake', 'plan', 'hot-key', '--target', 'shop', '-d', './my-own.ts'];
    const { code, stdout, stderr } = await runIn(fresh, 'npx', call, env);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('my-own');
  });

  test('plan explains a named stack', async () => {
    const { code, stdout, stderr } = await npx('plan', 'hot-key', '-d', 'catalogue');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('hot-key');
  });
});

const OWN_DEFENCE = `
import { z } from 'zod';
import { defineDefence } from 'cachequake';

interface Threshold { share: number }
const half: Threshold = { share: 0.5 };

export default defineDefence({
  id: 'mine',
  layer: 'freshness',
  title: 'Mine',
  prose: 'Refreshes in the second half of the TTL.',
  source: 'a test',
  parameters: z.object({ after: z.number().default(half.share) }),
  needs: ['get', 'set', 'delete'],
  create: ({ clock, parameters }) => ({
    judge({ storedAtMs, expiresAtMs }) {
      const age = (clock.nowMs() - storedAtMs) / (expiresAtMs - storedAtMs);
      if (age >= 1) return { is: 'gone' };
      return age < parameters.after ? { is: 'fresh' } : { is: 'due', reader: 'goes on' };
    },
  }),
});
`;

const CONSUMER = `${OWN_DEFENCE}
import type { AnyResult, Check, Fault, Probe, Profile, RunResult } from 'cachequake';

declare const result: AnyResult;
export const rows: (number | null | undefined)[] =
  result.kind === 'run' ? [result.measures['run']?.['latency.p99']] : result.runs.map((run) => run.measures['run']?.['errors.rate']);
export type Mine = [Check, Fault, Probe, Profile];
// The types are there and not any: what is wrong is found.
// @ts-expect-error
export const wrong: number = (result as RunResult).runId;
`;
