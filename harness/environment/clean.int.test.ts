import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JournalEntry } from '../contract/journal.ts';
import { listJournals, openJournal, runFolder, workFolder } from '../kit/journal.ts';
import { isSameProcess, processStartTime } from '../kit/process-identity.ts';
import { entryPoint } from '../kit/package-root.ts';
import { cleanLeftovers } from './clean.ts';
import { engineClient, pingEngine } from './docker-engine.ts';
import { RUN_LABEL, runLabels } from './docker-labels.ts';
import { get, testContext } from './fixtures/tiny-target.ts';
import { startProxyProcess } from './proxy-process.ts';
import { Keeper } from './keeper.ts';
import { Teardown } from './teardown.ts';

const ping = await pingEngine();
const newId = (): string => `test-clean-${randomBytes(4).toString('hex')}`;
let place: string;
const before = process.env.TMPDIR;

// A place of its own, so that what other tests of this machine leave or use is not touched.
beforeAll(() => {
  place = mkdtempSync(join(before ?? tmpdir(), 'cachequake-clean-'));
  // The database server of a root run is not root, and must be able to pass through.
  chmodSync(place, 0o711);
  process.env.TMPDIR = place;
});

afterAll(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(place, { recursive: true, force: true });
});

/** Starts a run in a process of its own and kills that process when the stack is up. */
async function startAndKill(environment: 'local' | 'docker'): Promise<{ runId: string; entries: JournalEntry[] }> {
  const runId = newId();
  const owner = spawn(process.execPath, [entryPoint('harness/environment/fixtures/owner'), environment, runId], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: place },
  });
  const exited = new Promise((resolve) => owner.once('exit', resolve));
  const urls = await new Promise<string[]>((resolve, reject) => {
    createInterface({ input: owner.stdout }).on('line', (line) => {
      if (line.startsWith('{"urls"')) resolve((JSON.parse(line) as { urls: string[] }).urls);
    });
    void exited.then(() => reject(new Error('the owner ended too early')));
  });
  for (const url of urls) expect((await get(`${url}/ping-redis`)).text).toContain('PONG');
  owner.kill('SIGKILL');
  await exited;
  const found = listJournals().find((journal) => journal.runId === runId);
  expect(found?.ownerAlive).toBe(false);
  return { runId, entries: found?.entries ?? [] };
}

test('after SIGKILL of a local run its servers end by themselves, and clean leaves nothing', async () => {
  const { runId, entries } = await startAndKill('local');
  const processes = entries.filter((entry) => entry.kind === 'process');
  expect(processes.map(({ what }) => what)).toEqual(
    expect.arrayContaining(['keeper', 'redis', 'postgres', 'service-1']),
  );
  // The keeper sees that its harness is gone.
  await expect.poll(() => processes.filter(isSameProcess), { timeout: 10_000 }).toEqual([]);
  const folders = entries.flatMap((entry) => (entry.kind === 'folder' ? [entry.path] : []));
  expect(folders.filter(existsSync)).not.toEqual([]);
  const cleaned = await cleanLeftovers(() => undefined);
  expect(cleaned.runs).toBe(1);
  expect(folders.filter(existsSync)).toEqual([]);
  expect(existsSync(runFolder(runId))).toBe(false);
  expect(await cleanLeftovers(() => undefined)).toMatchObject({ runs: 0, processes: 0, folders: 0 });
});

test('servers that outlived their keeper are killed, strangers with a pid of theirs are not', async () => {
  const orphan = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
  const runId = newId();
  const journal = openJournal(runId);
  journal.close();
  const path = join(journal.folder, 'journal.jsonl');
  const pid = orphan.pid ?? 0;
  const startTime = processStartTime(pid) ?? '';
  const lines = (entries: JournalEntry[]): string => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  const owner: JournalEntry = { kind: 'process', pid: 1, startTime: 'gone', what: 'owner' };
  writeFileSync(path, lines([owner, { kind: 'process', pid, startTime: `${startTime}0`, what: 'service-0' }]));
  expect(await cleanLeftovers(() => undefined)).toMatchObject({ runs: 1, processes: 0 });
  expect(isSameProcess({ pid, startTime })).toBe(true);

  const again = openJournal(runId);
  again.close();
  writeFileSync(path, lines([owner, { kind: 'process', pid, startTime, what: 'service-0' }]));
  expect(await cleanLeftovers(() => undefined)).toMatchObject({ runs: 1, processes: 1 });
  expect(isSameProcess({ pid, startTime })).toBe(false);
});

test('a fault on a Toxiproxy that is not ours is healed; what was healed is not touched', async () => {
  const context = testContext(newId());
  const keeper = new Keeper(context.journal);
  const teardown = new Teardown();
  teardown.add('keeper', () => keeper[Symbol.asyncDispose]());
  try {
    const control = await startProxyProcess(context, keeper, teardown);
    const upstream = '127.0.0.1:1';
    for (const name of ['redis-0', 'redis-1', 'made']) await control.create({ name, listen: '127.0.0.1:0', upstream });
    for (const name of ['redis-0', 'redis-1']) await control.setEnabled(name, false);
    const dead = openJournal(newId());
    const step = (proxy: string) => ({ do: 'enable-proxy', toxiproxyUrl: control.url, proxy }) as const;
    dead.write({ kind: 'undo', id: 'f1', steps: [step('redis-0')] });
    dead.write({ kind: 'undo', id: 'f2', steps: [step('redis-1')] });
    dead.write({ kind: 'healed', id: 'f2' });
    dead.write({ kind: 'proxy', toxiproxyUrl: control.url, name: 'made' });
    dead.close();
    const path = join(dead.folder, 'journal.jsonl');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(`"pid":${process.pid}`, '"pid":1'));
    expect(await cleanLeftovers(() => undefined)).toMatchObject({ runs: 1, healed: 2 });
    const proxies = JSON.parse((await get(`${control.url}/proxies`)).text) as Record<string, { enabled: boolean }>;
    expect(Object.fromEntries(Object.entries(proxies).map(([name, { enabled }]) => [name, enabled]))).toEqual({
      'redis-0': true,
      'redis-1': false,
    });
  } finally {
    await teardown.run();
    context.end();
  }
});

test('templates of older versions go, and stay while a run is alive that may copy them', async () => {
  const cache = join(workFolder(), 'cache');
  const [old, other, now] = [
    'pgdata-18.4-x64-own-v2',
    'pgdata-18.4-x64-own-v1.new-abc',
    'pgdata-18.4-x64-own-v999',
  ].map((name) => join(cache, name)) as [string, string, string];
  for (const folder of [old, other, now]) mkdirSync(join(folder, 'data'), { recursive: true });
  const alive = openJournal(newId());
  expect(await cleanLeftovers(() => undefined)).toMatchObject({ folders: 0 });
  alive.write({ kind: 'ended' });
  alive.close();
  rmSync(alive.folder, { recursive: true, force: true });
  expect(await cleanLeftovers(() => undefined)).toMatchObject({ folders: 1 });
  // Somebody may be making the one in the middle right now.
  expect([old, other, now].map(existsSync)).toEqual([false, true, true]);
  for (const folder of [other, now]) rmSync(folder, { recursive: true });
});

test('what Node has compiled goes when it has become too much, and not while a run is alive', async () => {
  const compiled = join(workFolder(), 'cache', 'node');
  const file = join(compiled, 'v24', 'module');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'x');
  expect(await cleanLeftovers(() => undefined)).toMatchObject({ folders: 0 });
  // Large without taking room on the disk.
  truncateSync(file, 201_000_000);
  const alive = openJournal(newId());
  expect(await cleanLeftovers(() => undefined)).toMatchObject({ folders: 0 });
  alive.write({ kind: 'ended' });
  alive.close();
  expect(await cleanLeftovers(() => undefined)).toMatchObject({ folders: 1 });
  expect(existsSync(compiled)).toBe(false);
});

test('a living run is left alone', async () => {
  const journal = openJournal(newId());
  journal.write({ kind: 'folder', path: place });
  expect(await cleanLeftovers(() => undefined)).toMatchObject({ runs: 0, folders: 0 });
  expect(existsSync(journal.folder)).toBe(true);
  journal.write({ kind: 'ended' });
  journal.close();
});

test.skipIf(!ping.answers)(
  `after SIGKILL of a docker run clean leaves nothing${ping.answers ? '' : ` (skipped: ${ping.reason})`}`,
  async () => {
    const { runId } = await startAndKill('docker');
    const { dockerode } = (await engineClient()).container;
    const filters = JSON.stringify({ label: [`${RUN_LABEL}=${runId}`] });
    expect(await dockerode.listContainers({ all: true, filters })).toHaveLength(5);
    // Even the journal may be gone: the labels tell.
    rmSync(runFolder(runId), { recursive: true });
    const living = await dockerode.createNetwork({ Name: `cachequake-${newId()}`, Labels: runLabels('living') });
    try {
      const cleaned = await cleanLeftovers(() => undefined);
      expect(cleaned.containers).toBeGreaterThanOrEqual(5);
      expect(cleaned.networks).toBeGreaterThanOrEqual(1);
      expect(await dockerode.listContainers({ all: true, filters })).toEqual([]);
      expect(await dockerode.listNetworks({ filters })).toEqual([]);
      expect((await living.inspect()).Id).toBe(living.id);
    } finally {
      await living.remove();
    }
  },
);
