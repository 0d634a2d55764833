/** The few questions that a gate has for git, each answered with null where git, or the repository, is not there. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { HarnessError, messageOf } from '../contract/errors.ts';

const run = promisify(execFile);

/** A hook or a CI step may have told git of another repository than the one of the folder. */
function environment(): NodeJS.ProcessEnv {
  const { GIT_DIR: _dir, GIT_WORK_TREE: _tree, GIT_INDEX_FILE: _index, ...rest } = process.env;
  return { ...rest, GIT_OPTIONAL_LOCKS: '0' };
}

async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', ['-C', folder, ...args], { env: environment(), maxBuffer: 64 << 20 });
  return stdout.trim();
}

const orNull = (answer: Promise<string>): Promise<string | null> => answer.catch(() => null);

/** The root of the repository that a folder lies in. */
export function repositoryOf(folder: string): Promise<string | null> {
  return orNull(git(folder, 'rev-parse', '--show-toplevel'));
}

/** The way from the root of the repository to the folder, for example `services/shop`; empty for the root itself. */
export async function pathInRepository(folder: string): Promise<string> {
  return (await git(folder, 'rev-parse', '--show-prefix')).replace(/\/$/, '');
}

/** The full hash that a branch, tag or hash names. */
export function commitOf(folder: string, ref: string): Promise<string | null> {
  return orNull(git(folder, 'rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`));
}

/** Whether files differ from the last commit; what Cachequake itself leaves behind does not count. */
export async function isDirty(folder: string): Promise<boolean> {
  const changes = await git(folder, 'status', '--porcelain', '--', ':/', ':(exclude,top,glob)**/cachequake-runs/**');
  return changes !== '';
}

/**
 * Checks a commit out into a folder of its own, which shares the repository's objects.
 *
 * @throws HarnessError BUILD_FAILED with git's own words
 */
export async function addWorktree(repository: string, path: string, commit: string): Promise<void> {
  await git(repository, 'worktree', 'add', '--detach', '--quiet', path, commit).catch((cause: unknown) => {
    throw new HarnessError('BUILD_FAILED', `${commit.slice(0, 7)} cannot be checked out: ${messageOf(cause).trim()}`, {
      hint: 'is the clone shallow? In CI fetch the whole history, or at least the base',
      cause,
    });
  });
}

export async function removeWorktree(repository: string, path: string): Promise<void> {
  await git(repository, 'worktree', 'remove', '--force', path);
}
