/**
 * Takes back what runs left behind that were killed: replays their journals, and looks for labelled containers and
 * networks that no journal tells of. What a living run owns is never touched. Doing it twice does no harm.
 */
import { execFileSync } from 'node:child_process';
import { rmSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { JournalEntry } from '../contract/journal.ts';
import { listJournals, type FoundJournal } from '../kit/journal.ts';
import { isSameProcess } from '../kit/process-identity.ts';
import { cleanDocker } from './clean-docker.ts';
import { healLeftovers, removeProxies } from './clean-proxies.ts';
import { cacheFolders } from './postgres-binaries.ts';
import { isOutdatedTemplate } from './postgres-template.ts';

/** How long a server may take to end by itself before it is killed. */
const GRACE_MS = 3000;

/** Half-made caches are given up when they are so old. */
const STALE_CACHE_MS = 600_000;

/**
 * How much of what Node has compiled is kept. It never forgets by itself, and each place that the package was ever
 * installed in adds some 30 MB. What goes is made again by the next run, which starts half a second later.
 */
const MOST_COMPILED_BYTES = 200_000_000;

export interface Cleaned {
  runs: number;
  processes: number;
  containers: number;
  networks: number;
  folders: number;
  /** Undo steps and proxies of servers that are not ours. */
  healed: number;
}

type ProcessEntry = Extract<JournalEntry, { kind: 'process' }>;

function signal(entry: ProcessEntry, name: NodeJS.Signals): void {
  if (!isSameProcess(entry)) return;
  try {
    process.kill(entry.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Ends the processes of a dead run. @returns how many were still there */
async function endProcesses(entries: readonly ProcessEntry[]): Promise<number> {
  const alive = entries.filter(isSameProcess);
  for (const entry of alive) {
    // Postgres takes its backends and shared memory along when asked; the keeper ends what it started.
    signal(entry, entry.what.startsWith('postgres') ? 'SIGQUIT' : entry.what === 'keeper' ? 'SIGTERM' : 'SIGKILL');
    signal(entry, 'SIGCONT');
  }
  const deadline = performance.now() + GRACE_MS;
  let killed = false;
  while (alive.some(isSameProcess)) {
    if (performance.now() > deadline) {
      if (killed)
        throw new Error(
          `processes do not end: ${alive
            .filter(isSameProcess)
            .map(({ pid }) => pid)
            .join(', ')}`,
        );
      for (const entry of alive) signal(entry, 'SIGKILL');
      killed = true;
      await delay(GRACE_MS / 3);
    }
    await delay(20);
  }
  return alive.length;
}

function removeFolder(path: string): number {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return 0;
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  return 1;
}

/** A repository forgets by itself what is gone, but months later; one that is gone itself has nothing to forget. */
function removeWorktree({ path, repository }: Extract<JournalEntry, { kind: 'worktree' }>): number {
  const removed = removeFolder(path);
  if (statSync(repository, { throwIfNoEntry: false }) !== undefined)
    execFileSync('git', ['-C', repository, 'worktree', 'prune'], { stdio: 'ignore' });
  return removed;
}

/** @returns true where nothing of the run is left */
async function cleanRun(found: FoundJournal, cleaned: Cleaned, problems: string[]): Promise<boolean> {
  const { entries, runId } = found;
  const before = problems.length;
  const attempt = async (what: string, work: () => Promise<void> | void): Promise<void> => {
    try {
      await work();
    } catch (error) {
      problems.push(`${what} of run ${runId}: ${messageOf(error)}`);
    }
  };
  await attempt('faults', async () => {
    cleaned.healed += await healLeftovers(entries);
  });
  await attempt('proxies', async () => {
    cleaned.healed += await removeProxies(entries);
  });
  await attempt('processes', async () => {
    // The first entry is the owner, who is dead.
    cleaned.processes += await endProcesses(entries.slice(1).filter((entry) => entry.kind === 'process'));
  });
  for (const entry of entries)
    if (entry.kind === 'folder')
      await attempt('a folder', () => {
        cleaned.folders += removeFolder(entry.path);
      });
    else if (entry.kind === 'worktree')
      await attempt('a worktree', () => {
        cleaned.folders += removeWorktree(entry);
      });
  return problems.length === before;
}

/**
 * Removes caches that were never finished, templates of older versions, and compiled code where it has become too much.
 * What is finished may be in use while a run starts: where any run is alive it stays.
 */
function removeOldCaches(anyAlive: boolean): number {
  let removed = 0;
  for (const cache of cacheFolders()) {
    if (statSync(cache, { throwIfNoEntry: false }) === undefined) continue;
    for (const name of readdirSync(cache)) {
      const stat = statSync(join(cache, name), { throwIfNoEntry: false });
      if (stat === undefined) continue;
      const halfMade = name.includes('.new-') && Date.now() - stat.mtimeMs > STALE_CACHE_MS;
      if (halfMade || (!anyAlive && isOfNoUse(cache, name))) removed += removeFolder(join(cache, name));
    }
  }
  return removed;
}

function isOfNoUse(cache: string, name: string): boolean {
  return isOutdatedTemplate(name) || (name === 'node' && sizeBytes(join(cache, name)) > MOST_COMPILED_BYTES);
}

function sizeBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/**
 * Cleans up after dead runs of this user.
 *
 * @param progress told what is done, one line each
 * @returns what was found and removed; all zero when there was nothing
 * @throws HarnessError `ENVIRONMENT_UNAVAILABLE` of what could not be removed, after everything was tried
 */
export async function cleanLeftovers(progress: (line: string) => void): Promise<Cleaned> {
  const cleaned: Cleaned = { runs: 0, processes: 0, containers: 0, networks: 0, folders: 0, healed: 0 };
  const problems: string[] = [];
  const dead = listJournals().filter(({ ownerAlive }) => !ownerAlive);
  const done: FoundJournal[] = [];
  for (const found of dead) {
    progress(`cleaning up after run ${found.runId}`);
    cleaned.runs += 1;
    if (await cleanRun(found, cleaned, problems)) done.push(found);
  }
  const withContainers = dead.filter(({ entries }) =>
    entries.some(({ kind }) => kind === 'container' || kind === 'network'),
  );
  const docker = await cleanDocker(withContainers.length > 0);
  cleaned.containers += docker.containers;
  cleaned.networks += docker.networks;
  problems.push(...docker.problems);
  for (const found of done) {
    // What the engine still holds must stay known.
    if (docker.problems.length > 0 && withContainers.includes(found)) continue;
    cleaned.folders += removeFolder(found.folder);
  }
  cleaned.folders += removeOldCaches(listJournals().some(({ ownerAlive }) => ownerAlive));
  if (problems.length > 0)
    throw new HarnessError('ENVIRONMENT_UNAVAILABLE', `not everything could be removed: ${problems.join('; ')}`, {
      hint: 'what is left stays in the journals: mend this and run `cachequake clean` again',
    });
  return cleaned;
}
