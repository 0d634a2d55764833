/**
 * The journal of what a run started and changed, kept outside the run's output in a place that `clean` can find
 * without being told. Each line is synced to disk before the thing that it names happens, so that not even SIGKILL
 * leaves something behind that nobody knows of.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { HarnessError } from '../contract/errors.ts';
import type { Journal, JournalEntry } from '../contract/journal.ts';
import { isSameProcess, processStartTime } from './process-identity.ts';

const FILE = 'journal.jsonl';

/** The `what` of a journal's first line: the process that the run lives in. */
const OWNER = 'owner';

/** A run id becomes the name of a folder, a container and a network. */
const RUN_ID = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/;

/** A journal on disk, as `clean` reads it. */
export interface FoundJournal {
  runId: string;
  folder: string;
  entries: JournalEntry[];
  /** True while the process that runs the experiment lives: its things are not ours to remove. */
  ownerAlive: boolean;
}

function workUid(): number {
  return process.getuid?.() ?? userInfo().uid;
}

/**
 * The folder that holds journals, caches and data of this user's runs: `<tmpdir>/cachequake-<uid>`. Made on first
 * use; for root others may pass through it, because the database server of a root run is not root.
 *
 * @throws HarnessError `ENVIRONMENT_UNAVAILABLE` where somebody else owns the name
 */
export function workFolder(): string {
  const folder = join(tmpdir(), `cachequake-${workUid()}`);
  mkdirSync(folder, { recursive: true });
  const stat = lstatSync(folder);
  if (!stat.isDirectory() || (process.getuid && stat.uid !== process.getuid()))
    throw new HarnessError('ENVIRONMENT_UNAVAILABLE', `${folder} is not a folder of this user`, {
      hint: 'remove it, or point TMPDIR at a folder of your own',
    });
  chmodSync(folder, workUid() === 0 ? 0o711 : 0o700);
  return folder;
}

/** The folder of one run under {@link workFolder}: its journal and the data of its servers. */
export function runFolder(runId: string): string {
  if (!RUN_ID.test(runId)) throw new HarnessError('INTERNAL', `'${runId}' cannot be a run id`);
  return join(workFolder(), `run-${runId}`);
}

/**
 * Opens the journal of a new run. The first line names this process as the owner.
 *
 * `close()` removes the folder when `ended` was the last line, because then there is nothing to take back.
 *
 * @param runId letters, digits, `.`, `_` and `-`
 * @throws HarnessError `OUTPUT_FAILED` where it cannot be written
 */
export function openJournal(runId: string): Journal & { folder: string; close(): void } {
  const folder = runFolder(runId);
  let file: number;
  try {
    mkdirSync(folder, { mode: workUid() === 0 ? 0o711 : 0o700 });
    file = openSync(join(folder, FILE), 'ax', 0o600);
  } catch (cause) {
    throw new HarnessError('OUTPUT_FAILED', `cannot open the journal of run ${runId} in ${folder}`, {
      cause,
      hint: 'is the disk full, or the run id taken? `cachequake clean` removes what dead runs left',
    });
  }
  let open = true;
  let ended = false;
  const write = (entry: JournalEntry): void => {
    if (!open) throw new HarnessError('INTERNAL', `the journal of run ${runId} is closed`);
    try {
      writeSync(file, `${JSON.stringify(entry)}\n`);
      fsyncSync(file);
    } catch (cause) {
      throw new HarnessError('OUTPUT_FAILED', `cannot write to the journal in ${folder}`, {
        cause,
        hint: 'is the disk full?',
      });
    }
    ended = entry.kind === 'ended';
  };
  write({ kind: 'process', pid: process.pid, startTime: processStartTime(process.pid) ?? '', what: OWNER });
  return {
    runId,
    folder,
    write,
    close: () => {
      if (!open) return;
      open = false;
      closeSync(file);
      if (ended) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function readEntries(path: string): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    try {
      entries.push(JSON.parse(line) as JournalEntry);
    } catch {
      // A torn last line was never synced, so what it announces never happened.
    }
  }
  return entries;
}

/** Every journal of this user, of living runs and of dead ones. */
export function listJournals(): FoundJournal[] {
  const root = workFolder();
  const found: FoundJournal[] = [];
  for (const name of readdirSync(root)) {
    if (!name.startsWith('run-')) continue;
    const folder = join(root, name);
    const path = join(folder, FILE);
    if (!existsSync(path)) continue;
    let entries: JournalEntry[];
    let ageMs: number;
    try {
      entries = readEntries(path);
      ageMs = Date.now() - lstatSync(path).mtimeMs;
    } catch {
      continue;
    }
    const owner = entries[0];
    // Between the making of the file and its first line nobody can tell; that takes milliseconds, not a minute.
    const ownerAlive = owner === undefined ? ageMs < 60_000 : owner.kind === 'process' && isSameProcess(owner);
    found.push({ runId: name.slice('run-'.length), folder, entries, ownerAlive });
  }
  return found;
}
