/**
 * Brings a side to where it can be started: the version of a git ref is checked out beside the repository and built
 * there by the person's own command, everything else is where it is. What was put up is taken down with the block, and
 * by `clean` after a crash.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { Journal } from '../contract/journal.ts';
import { processStartTime } from '../kit/process-identity.ts';
import { redact } from '../kit/redact.ts';
import { formatDuration } from '../kit/units.ts';
import { addWorktree, pathInRepository, removeWorktree, repositoryOf } from './git.ts';
import type { ResolvedSide } from './sides.ts';

const LAST_LINES = 15;

export interface PlaceInput {
  /** The config's folder in the working copy. */
  folder: string;
  /** A folder of this run that nobody else uses, for checkouts. */
  temporaryFolder: string;
  /** For logs. */
  outFolder: string;
  build: string | readonly string[] | null;
  buildTimeoutMs: number;
  journal: Journal;
  signal: AbortSignal;
  onStep(line: string): void;
}

export interface PlacedSide extends AsyncDisposable {
  /** What the config's folder is to this side. */
  folder: string;
  command: readonly string[] | null;
  image: string | null;
}

/**
 * @throws HarnessError BUILD_FAILED where the ref cannot be checked out or its build fails, with the last lines;
 *   INTERRUPTED where the signal was aborted
 */
export async function placeSide({ side, source }: ResolvedSide, input: PlaceInput): Promise<PlacedSide> {
  const stays = { folder: input.folder, command: null, image: null, [Symbol.asyncDispose]: () => Promise.resolve() };
  if (source.kind === 'command') return { ...stays, command: source.command };
  if (source.kind === 'image') return { ...stays, image: source.image };
  if (source.kind === 'working-folder') return stays;

  const repository = await repositoryOf(input.folder);
  if (repository === null) throw new HarnessError('INTERNAL', `${input.folder} has left its repository`);
  const path = join(input.temporaryFolder, `worktree-${side.name}`);
  input.onStep(`${side.name}: checking out ${side.title}`);
  input.journal.write({ kind: 'worktree', repository, path });
  mkdirSync(dirname(path), { recursive: true });
  await addWorktree(repository, path, source.commit);
  const remove = async (): Promise<void> => {
    await removeWorktree(repository, path).catch(() => rmSync(path, { recursive: true, force: true }));
  };
  try {
    const folder = join(path, await pathInRepository(input.folder));
    if (!existsSync(folder))
      throw new HarnessError('BUILD_FAILED', `${side.title} does not have the folder of the config yet`, {
        hint: 'compare with a later commit, or by command or image',
      });
    if (input.build !== null) await build(side.name, input.build, folder, input);
    return { ...stays, folder, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function build(
  name: string,
  command: string | readonly string[],
  folder: string,
  { outFolder, buildTimeoutMs, journal, signal, onStep }: PlaceInput,
): Promise<void> {
  const text = typeof command === 'string' ? command : command.join(' ');
  const log = join(outFolder, `build-${name}.log`);
  onStep(`${name}: building with ${text}`);
  mkdirSync(outFolder, { recursive: true });
  const output = openSync(log, 'w');
  const [file, ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  // A group of its own, so that everything that the build has started ends with it.
  const child = spawn(file!, args, { cwd: folder, stdio: ['ignore', output, output], detached: true });
  closeSync(output);
  const killGroup = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  signal.addEventListener('abort', killGroup);
  // It may have come during the checkout.
  if (signal.aborted) killGroup();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup();
  }, buildTimeoutMs);
  try {
    const ended = await new Promise<string | null>((resolve) => {
      child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
      child.once('exit', (code, signalName) =>
        resolve(code === 0 ? null : `ended with ${signalName === null ? `code ${String(code)}` : signalName}`),
      );
      if (child.pid !== undefined)
        journal.write({ kind: 'process', pid: child.pid, startTime: processStartTime(child.pid) ?? '', what: 'build' });
    });
    if (signal.aborted) throw new HarnessError('INTERRUPTED', 'interrupted during the build');
    if (ended === null) return;
    const what = late ? `did not end within ${formatDuration(buildTimeoutMs)}` : ended;
    throw new HarnessError(
      'BUILD_FAILED',
      `the build of the ${name}, ${text}, ${what}; its last words:\n${tail(log)}`,
      {
        hint: `the whole log: ${log}`,
      },
    );
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', killGroup);
    killGroup();
  }
}

function tail(log: string): string {
  try {
    const lines = redact(readFileSync(log, 'utf8').trimEnd()).split('\n').slice(-LAST_LINES).join('\n');
    return lines.trim() === '' ? '(it wrote nothing)' : lines;
  } catch (error) {
    return messageOf(error);
  }
}
