/**
 * What `--base` and `--candidate` mean. A git ref, a command and an image are told apart by what is there; where that
 * does not tell, the person is asked to say which, since a gate that compares the wrong things is worse than none. Two sides that are the same are refused for the same reason.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { HarnessError } from '../contract/errors.ts';
import type { GateSide, SideName } from '../contract/gate.ts';
import { splitCommand } from '../kit/split-command.ts';
import { commitOf, isDirty, repositoryOf } from './git.ts';

export type SideSource =
  | { kind: 'working-folder' }
  | { kind: 'git'; commit: string }
  | { kind: 'command'; command: readonly string[] }
  | { kind: 'image'; image: string };

export interface ResolvedSide {
  side: GateSide;
  source: SideSource;
}

const PREFIXES = 'write git:<ref>, command:<command line> or image:<name> to say which';

/**
 * Reads one side.
 *
 * @param text what was typed; null for the working folder as it is
 * @param folder the config's folder: where refs are looked up and files are looked for
 * @throws HarnessError USAGE where nobody can tell what is meant, UNKNOWN_NAME for a ref that is not there
 */
export async function resolveSide(name: SideName, text: string | null, folder: string): Promise<ResolvedSide> {
  if (text === null) return workingFolder(name, folder);
  const [, prefix, rest] = /^(git|command|image):(.+)$/s.exec(text.trim()) ?? [];
  if (prefix === 'git') return gitSide(name, rest!, folder);
  if (prefix === 'command') return commandSide(name, rest!);
  if (prefix === 'image') return imageSide(name, rest!);

  const plain = text.trim();
  if (plain === '') throw new HarnessError('USAGE', `--${name} is empty`, { hint: PREFIXES });
  if ((await commitOf(folder, plain)) !== null) return gitSide(name, plain, folder);
  if (/\s/.test(plain) || isFile(resolve(folder, plain))) return commandSide(name, plain);
  // A slip in the name of a branch looks like an image without a tag, and would cost minutes before it is found out.
  if (!/:[\w.-]+$|@sha256:/.test(plain))
    throw new HarnessError(
      'USAGE',
      `--${name} ${plain}: there is no such git ref or file here, and an image would have a tag`,
      { hint: PREFIXES },
    );
  return imageSide(name, plain);
}

/**
 * Both sides of a gate.
 *
 * @param texts what was typed; `candidate` null for the working folder
 * @throws HarnessError SAME_SIDES where both are the same, and what {@link resolveSide} throws
 */
export async function resolveSides(
  texts: { base: string; candidate: string | null },
  folder: string,
): Promise<{ base: ResolvedSide; candidate: ResolvedSide }> {
  const base = await resolveSide('base', texts.base, folder);
  const candidate = await resolveSide('candidate', texts.candidate, folder);
  const same = sameness(base, candidate);
  if (same !== null)
    throw new HarnessError('SAME_SIDES', `base and candidate are the same: ${same}`, {
      hint: 'a gate compares a change with what was there before; `--self-test` compares a version with itself on purpose',
    });
  return { base, candidate };
}

/**
 * One version on both sides, to see how much noise the machine makes.
 *
 * @param text as for {@link resolveSide}
 */
export async function selfTestSides(
  folder: string,
  text: string | null,
): Promise<{ base: ResolvedSide; candidate: ResolvedSide }> {
  const base = await resolveSide('base', text, folder);
  return { base, candidate: { ...base, side: { ...base.side, name: 'candidate' } } };
}

function sameness(base: ResolvedSide, candidate: ResolvedSide): string | null {
  // A commit with changes carries a mark and so equals no other.
  if (base.side.commit !== null && base.side.commit === candidate.side.commit)
    return `commit ${base.side.commit.slice(0, 7)}`;
  const [a, b] = [base.source, candidate.source];
  if (a.kind === 'working-folder' && b.kind === 'working-folder') return base.side.title;
  if (a.kind === 'image' && b.kind === 'image' && a.image === b.image) return base.side.title;
  if (a.kind === 'command' && b.kind === 'command' && JSON.stringify(a.command) === JSON.stringify(b.command))
    return base.side.title;
  return null;
}

async function workingFolder(name: SideName, folder: string): Promise<ResolvedSide> {
  const commit = (await repositoryOf(folder)) === null ? null : await commitOf(folder, 'HEAD');
  const dirty = commit !== null && (await isDirty(folder));
  const short = commit === null ? '' : ` (${commit.slice(0, 7)}${dirty ? ' and changes' : ''})`;
  return {
    side: {
      name,
      title: `the working folder${short}`,
      commit: commit === null ? null : dirty ? `${commit}-dirty` : commit,
    },
    source: { kind: 'working-folder' },
  };
}

async function gitSide(name: SideName, ref: string, folder: string): Promise<ResolvedSide> {
  if ((await repositoryOf(folder)) === null)
    throw new HarnessError('USAGE', `--${name} ${ref}: ${folder} is not in a git repository`, {
      hint: 'give a command or an image, or run where the repository is',
    });
  const commit = await commitOf(folder, ref);
  if (commit === null)
    throw new HarnessError('UNKNOWN_NAME', `there is no commit '${ref}' in this repository`, {
      hint: 'is the clone shallow? In CI fetch the whole history, or at least the base; a branch may be origin/<name>',
    });
  return { side: { name, title: `git ${ref} (${commit.slice(0, 7)})`, commit }, source: { kind: 'git', commit } };
}

function commandSide(name: SideName, text: string): ResolvedSide {
  const words = splitCommand(text.trim());
  // A script alone is meant for Node.
  const command = words.length === 1 && /\.[cm]?[jt]s$/.test(words[0]) ? (['node', words[0]] as const) : words;
  return { side: { name, title: `command ${command.join(' ')}`, commit: null }, source: { kind: 'command', command } };
}

function imageSide(name: SideName, text: string): ResolvedSide {
  const image = text.trim();
  return { side: { name, title: `image ${image}`, commit: null }, source: { kind: 'image', image } };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
