/** What `cachequake new` writes works as it is, in a folder that has neither the package nor zod. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunResult } from '../contract/result.ts';
import { entryPoint } from '../kit/package-root.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-new-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function node(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
const cachequake = (...args: string[]) => node([entryPoint('harness/cli/main'), ...args]);

const PATIENT = ['--max-lag-p99-ms', '10000', '--max-dropped-share', '1', '--max-rate-error', '1', '--env', 'local'];

async function run(...args: string[]): Promise<RunResult> {
  const { stdout, stderr } = await cachequake('run', ...args, ...PATIENT, '--out', 'out');
  expect(stdout, stderr).toContain('result.json');
  return JSON.parse(readFileSync(join(folder, 'out', 'result.json'), 'utf8')) as RunResult;
}

test.each([
  ['cachequake.config.ts', ['new', 'config']],
  ['cachequake.config.json', ['new', 'config', '--json']],
])('%s is read as it is written, and not overwritten', async (file, args) => {
  expect(await cachequake(...args)).toMatchObject({ code: 0, stdout: expect.stringContaining(file) });
  const planned = await cachequake('plan', 'hot-key');
  expect(planned).toMatchObject({ code: 0, stdout: expect.stringMatching(/target +My service, 2 instances/) });
  writeFileSync(join(folder, file), 'mine');
  expect(await cachequake(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') });
  expect(readFileSync(join(folder, file), 'utf8')).toBe('mine');
  expect((await cachequake(...args, '--force')).code).toBe(0);
  expect(readFileSync(join(folder, file), 'utf8')).toContain('my-service');
});

test('bad names are refused, and nothing is written', async () => {
  for (const [args, message] of [
    [['defence', 'My_Lock'], /'My_Lock' is no name for a defence/],
    [['defence', '../mine'], /is no name for a defence/],
    [['defence', 'xfetch'], /the name 'xfetch' is taken/],
    [['profile'], /the profile needs a name/],
    [['defense', 'mine'], /no kind 'defense'[^]*did you mean 'defence'/],
    [['config', 'settings.yaml'], /'settings\.yaml' is no name for a config/],
    [['fault', 'mine', '--json'], /--json goes with `new config`/],
  ] as const) {
    const { code, stderr } = await cachequake('new', ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('a second config that would hide the first is refused', async () => {
  await cachequake('new', 'config');
  const { code, stderr } = await cachequake('new', 'config', '--json');
  expect(stderr).toContain('cachequake.config.ts here already');
  expect(code).toBe(2);
});

test('a new defence passes the suite that every defence must pass', async () => {
  await cachequake('new', 'defence', 'mine');
  const script = `
    const { loadModule } = await import(${JSON.stringify(pathToFileURL(entryPoint('harness/kit/load-modules')).href)});
    const { conformanceCases } = await import(${JSON.stringify(pathToFileURL(entryPoint('targets/conformance')).href)});
    const cases = conformanceCases(await loadModule('./mine.ts', 'defence'));
    for (const { run } of cases) await run();
    console.log(cases.length);`;
  const { code, stdout, stderr } = await node(['--input-type=module', '-e', script]);
  expect(code, stderr).toBe(0);
  expect(Number(stdout)).toBeGreaterThan(5);
}, 60_000);

test('a new profile, defence and fault make a run together', async () => {
  for (const kind of ['profile', 'defence', 'fault'])
    expect((await cachequake('new', kind, `my-${kind}`)).code).toBe(0);
  const result = await run(
    './my-profile.ts',
    '--defence',
    './my-defence.ts+single-flight',
    '--fault',
    './my-fault.ts@1s:rounds=2',
    '--set',
    'durationSec=3',
    '--set',
    'my-defence.share=0.5',
  );
  expect(result.plan).toMatchObject({ profile: { id: 'my-profile' }, defence: 'single-flight+my-defence' });
  expect(result.plan.stack.find(({ id }) => id === 'my-defence')?.parameters).toEqual({ share: 0.5 });
  expect(result.faults[0]).toMatchObject({ fault: 'my-fault', error: null, confirmation: { active: true } });
  expect(result.verdict.status).toBe('pass');
}, 150_000);

test('a new target starts a service, with its variables and its data', async () => {
  await cachequake('new', 'target', 'my-service');
  const lines = [
    `const missing = ['REDIS_URL', 'DATABASE_URL', 'CACHE_TTL_MS', 'HOST'].filter((name) => !process.env[name]);`,
    `if (missing.length > 0) throw new Error('not told: ' + missing);`,
    `require('node:http').createServer((q, r) => r.end('{}')).listen(process.env.PORT, process.env.HOST);`,
  ];
  writeFileSync(join(folder, 'server.js'), lines.join('\n'));
  const result = await run('hot-key', '--target', './my-service.ts', '--set', 'durationSec=2', '--set', 'warmUpSec=1');
  expect(result.plan.target.id).toBe('my-service');
  expect(result.verdict.status).toBe('pass');
  expect(result.measures['run']!['db.queriesPerRequest']).toBe(0);
}, 150_000);
