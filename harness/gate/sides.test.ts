/** What `--base` means, in a real repository and outside of one. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HarnessError } from '../contract/errors.ts';
import { resolveSide, resolveSides, selfTestSides } from './sides.ts';

let folder: string;
let outside: string;
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    encoding: 'utf8',
  }).trim();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-sides-'));
  outside = mkdtempSync(join(tmpdir(), 'cachequake-outside-'));
  git('init', '--quiet', '--initial-branch', 'main');
  for (const text of ['one', 'two']) {
    writeFileSync(join(folder, 'server.js'), text);
    git('add', '.');
    git('commit', '--quiet', '-m', text);
  }
  git('branch', 'feature/x', 'HEAD~1');
  mkdirSync(join(folder, 'main'));
});
afterAll(() => {
  for (const one of [folder, outside]) rmSync(one, { recursive: true, force: true });
});

async function failure(work: Promise<unknown>): Promise<HarnessError> {
  const error = await work.then(
    (value) => value,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HarnessError)) throw new Error(`no HarnessError: ${JSON.stringify(error)}`);
  return error;
}

describe('a side', () => {
  test.each([
    ['HEAD~1', 'git'],
    ['main', 'git'],
    ['feature/x', 'git'],
    ['git:main', 'git'],
    ['node server.js --port 1', 'command'],
    ['server.js', 'command'],
    ['command:main', 'command'],
    ['shop:1.2', 'image'],
    ['registry.example.com:5000/team/shop:main', 'image'],
    ['image:shop', 'image'],
  ])('%s is a %s', async (text, kind) => {
    expect((await resolveSide('base', text, folder)).source.kind).toBe(kind);
  });

  test('a ref is told with its short hash and kept whole', async () => {
    const commit = git('rev-parse', 'HEAD~1');
    const { side, source } = await resolveSide('base', 'HEAD~1', folder);
    expect(side).toEqual({ name: 'base', title: `git HEAD~1 (${commit.slice(0, 7)})`, commit });
    expect(source).toEqual({ kind: 'git', commit });
  });

  test('a command is split into words, and a script alone is run by Node', async () => {
    const command = async (text: string): Promise<unknown> => (await resolveSide('base', text, folder)).source;
    expect(await command('node "my server.js" --a=b')).toEqual({
      kind: 'command',
      command: ['node', 'my server.js', '--a=b'],
    });
    expect(await command('server.js')).toEqual({ kind: 'command', command: ['node', 'server.js'] });
  });

  test.each([
    ['mian', 'USAGE', /--base mian: there is no such git ref or file.*git:<ref>/],
    ['feature/y', 'USAGE', /there is no such git ref/],
    ['git:mian', 'UNKNOWN_NAME', /no commit 'mian'.*fetch the whole history/],
    ['git:HEAD~9', 'UNKNOWN_NAME', /no commit 'HEAD~9'/],
    ['  ', 'USAGE', /--base is empty/],
  ])('%s is refused', async (text, code, message) => {
    const error = await failure(resolveSide('base', text, folder));
    expect(error.code).toBe(code);
    expect(`${error.message} ${error.hint}`).toMatch(message);
  });

  test('outside of a repository a ref is refused, and the working folder has no commit', async () => {
    expect((await failure(resolveSide('base', 'git:main', outside))).message).toMatch(/not in a git repository/);
    const { side } = await resolveSide('candidate', null, outside);
    expect(side).toEqual({ name: 'candidate', title: 'the working folder', commit: null });
  });
});

describe('both sides', () => {
  test('the same commit is refused; a change in the working folder makes it another', async () => {
    const error = await failure(resolveSides({ base: 'main', candidate: null }, folder));
    expect(error.code).toBe('SAME_SIDES');
    expect(error.hint).toContain('--self-test');
    writeFileSync(join(folder, 'server.js'), 'three');
    try {
      const { candidate } = await resolveSides({ base: 'main', candidate: null }, folder);
      expect(candidate.side.commit).toBe(`${git('rev-parse', 'HEAD')}-dirty`);
      expect(candidate.side.title).toMatch(/^the working folder \(\w{7} and changes\)$/);
    } finally {
      git('checkout', '--quiet', 'server.js');
    }
  });

  test('results that lie in the folder are no change', async () => {
    const results = join(folder, 'cachequake-runs', 'a');
    mkdirSync(results, { recursive: true });
    writeFileSync(join(results, 'result.json'), '{}');
    try {
      expect((await failure(resolveSides({ base: 'HEAD', candidate: null }, folder))).code).toBe('SAME_SIDES');
    } finally {
      rmSync(join(folder, 'cachequake-runs'), { recursive: true });
    }
  });

  test.each([
    ['node a.js', 'node  a.js'],
    ['shop:1', 'image:shop:1'],
    ['HEAD~1', 'feature/x'],
  ])('%s and %s are the same', async (base, candidate) => {
    expect((await failure(resolveSides({ base, candidate }, folder))).code).toBe('SAME_SIDES');
  });

  test('a self-test has the same on both sides, on purpose', async () => {
    const { base, candidate } = await selfTestSides(folder, null);
    expect(candidate.side).toEqual({ ...base.side, name: 'candidate' });
    expect(candidate.source).toEqual(base.source);
  });
});
