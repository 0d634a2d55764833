/** Versions are checked out and built by real git and a real shell, and nothing of them is left behind. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { HarnessError } from '../contract/errors.ts';
import type { JournalEntry } from '../contract/journal.ts';
import { cleanLeftovers } from '../environment/clean.ts';
import { openJournal } from '../kit/journal.ts';
import { placeSide, type PlaceInput } from './place-side.ts';
import { resolveSide } from './sides.ts';

let root: string;
let repository: string;
let entries: JournalEntry[];
let steps: string[];
let input: PlaceInput;
let count = 0;

const git = (...args: string[]): string =>
  execFileSync('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    encoding: 'utf8',
  }).trim();

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'cachequake-place-'));
  repository = join(root, 'repository');
  mkdirSync(join(repository, 'services', 'shop'), { recursive: true });
  git('init', '--quiet', '--initial-branch', 'main');
  for (const text of ['one', 'two']) {
    writeFileSync(join(repository, 'services', 'shop', 'version'), text);
    git('add', '.');
    git('commit', '--quiet', '-m', text);
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  entries = [];
  steps = [];
  count += 1;
  input = {
    folder: join(repository, 'services', 'shop'),
    temporaryFolder: join(root, `temporary-${count}`),
    outFolder: join(root, `out-${count}`),
    build: null,
    buildTimeoutMs: 20_000,
    journal: { runId: 'test', write: (entry) => void entries.push(entry) },
    signal: new AbortController().signal,
    onStep: (line) => steps.push(line),
  };
});

const place = async (text: string | null, change: Partial<PlaceInput> = {}) =>
  placeSide(await resolveSide('base', text, input.folder), { ...input, ...change });

async function failure(work: Promise<unknown>): Promise<HarnessError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HarnessError)) throw new Error(`no HarnessError: ${String(error)}`);
  return error;
}

test('a ref stands in a folder of its own, at the same place in the repository, and is gone afterwards', async () => {
  const side = await place('HEAD~1', { build: ['sh', '-c', 'cp version built'] });
  expect(side.folder).not.toBe(input.folder);
  expect(readFileSync(join(side.folder, 'version'), 'utf8')).toBe('one');
  expect(readFileSync(join(side.folder, 'built'), 'utf8')).toBe('one');
  expect(readFileSync(join(input.folder, 'version'), 'utf8')).toBe('two');
  const path = join(input.temporaryFolder, 'worktree-base');
  expect(entries[0]).toEqual({ kind: 'worktree', repository: expect.stringContaining('repository'), path });
  await side[Symbol.asyncDispose]();
  expect(existsSync(path)).toBe(false);
  expect(git('worktree', 'list').split('\n')).toHaveLength(1);
});

test('a command, an image and the working folder are where they are', async () => {
  expect(await place('node server.js')).toMatchObject({
    folder: input.folder,
    command: ['node', 'server.js'],
    image: null,
  });
  expect(await place('shop:1')).toMatchObject({ folder: input.folder, command: null, image: 'shop:1' });
  expect(await place(null, { build: 'false' })).toMatchObject({ folder: input.folder, command: null, image: null });
  expect(entries).toEqual([]);
});

test.each<[string, Partial<PlaceInput>, RegExp]>([
  [
    'fails',
    { build: 'echo first; echo the last words >&2; exit 7' },
    /ended with code 7; its last words:\nfirst\nthe last words$/,
  ],
  ['is no program', { build: ['no-such-program'] }, /cannot be started: .*no-such-program/],
  [
    'hangs, with what it has started',
    { build: 'sleep 60 & sleep 60', buildTimeoutMs: 300 },
    /did not end within 300ms/,
  ],
])('a build that %s is told with its last words, and its checkout removed', async (_, change, message) => {
  const error = await failure(place('HEAD~1', change));
  expect(error.code).toBe('BUILD_FAILED');
  expect(error.message).toMatch(message);
  expect(error.hint).toContain('build-base.log');
  expect(git('worktree', 'list').split('\n')).toHaveLength(1);
});

test('an interrupted build ends at once', async () => {
  const abort = new AbortController();
  const placing = place('HEAD~1', { build: 'sleep 60', signal: abort.signal });
  setTimeout(() => abort.abort(), 200);
  const startedMs = performance.now();
  expect((await failure(placing)).code).toBe('INTERRUPTED');
  expect(performance.now() - startedMs).toBeLessThan(15_000);
  // Also where it has come before.
  expect((await failure(place('HEAD~1', { build: 'sleep 60', signal: AbortSignal.abort() }))).code).toBe('INTERRUPTED');
});

test('a version that has not got the folder yet is refused', async () => {
  mkdirSync(join(repository, 'services', 'new'));
  expect((await failure(place('HEAD', { folder: join(repository, 'services', 'new') }))).message).toMatch(
    /does not have the folder of the config yet/,
  );
});

test('what a killed gate has checked out is removed by clean, and the repository told', async () => {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = mkdtempSync(join(root, 'tmp-'));
  try {
    const journal = openJournal('killed');
    await place('HEAD~1', { journal, temporaryFolder: journal.folder });
    journal.close();
    // As if the process that wrote it had been another one, which is dead.
    const file = join(journal.folder, 'journal.jsonl');
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, [JSON.stringify({ kind: 'process', pid: 1, startTime: 'never', what: 'owner' })].join('\n'));
    appendFileSync(file, `\n${lines.slice(1).join('\n')}`);
    expect(git('worktree', 'list').split('\n')).toHaveLength(2);
    await cleanLeftovers(() => {});
    expect(existsSync(journal.folder)).toBe(false);
    expect(git('worktree', 'list').split('\n')).toHaveLength(1);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
});
