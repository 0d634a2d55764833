/**
 * `cachequake compare libraries`: the cache libraries people install and our own defences through the same cases and
 * the same load. What it finds is stated with versions and the exact test, as text, JSON and Markdown.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { EXIT, HarnessError, messageOf } from '../contract/errors.ts';
import type { Library } from '../contract/library.ts';
import { describeMachine } from '../environment/machine.ts';
import { loadModules } from '../kit/load-modules.ts';
import { packageVersion, sourceRoot } from '../kit/package-root.ts';
import { unknownName } from '../kit/suggest.ts';
import { runSuite, SUITE_CASES } from '../../targets/libraries/_suite.ts';
import { assertInstalled, isInstalled } from '../../targets/libraries/_packages.ts';
import { findSubject } from '../../targets/libraries/_subject.ts';
import { LOAD_PART } from '../../targets/libraries/_load-part.ts';
import { isStarved } from '../../targets/libraries/_starvation.ts';
import { listenForInterrupts } from './interrupts.ts';
import { type LibrariesReport, renderLibrariesMarkdown, renderLibrariesText } from './library-table.ts';
import { linkLatest, makeOutputFolder, newRunId } from './output-folder.ts';
import { typedCommand } from './typed-command.ts';

/** Our own that stand beside the libraries unless others are named. */
const OWN_DEFENCES = ['cache-aside', 'single-flight', 'lock-wait', 'lease', 'single-flight+lease'];
/** Subjects at once: they mostly wait, and more would disturb each other on a small machine. */
const AT_ONCE = 6;
const ROUNDS = 2;

export interface LibraryFlags {
  /** Ids separated by commas; all by default. */
  library?: string | undefined;
  /** Stacks separated by commas. */
  defence?: string | undefined;
  out?: string | undefined;
}

/** The adapters, by id. */
export function loadLibraries(): Promise<Map<string, Library>> {
  return loadModules<Library>(join(sourceRoot, 'targets', 'libraries'), 'library');
}

const split = (text: string): string[] => text.split(',').map((name) => name.trim());

async function chooseSubjects(flags: LibraryFlags): Promise<LibrariesReport['subjects']> {
  const libraries = await loadLibraries();
  const wanted = flags.library === undefined ? [...libraries.keys()] : split(flags.library);
  const present = [...libraries.values()].filter(isInstalled).map(({ id }) => id);
  for (const id of wanted) {
    const library = libraries.get(id);
    if (!library) throw unknownName('library', id, [...libraries.keys()]);
    assertInstalled(library, present);
  }
  const defences = flags.defence === undefined ? OWN_DEFENCES : split(flags.defence);
  const subjects = await Promise.all([...wanted, ...defences].map(findSubject));
  return subjects.map(({ id, kind, versions }) => ({ id, kind, versions }));
}

function redisVersion(): string {
  const { stdout, error } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  if (error)
    throw new HarnessError('REDIS_MISSING', 'redis-server cannot be started', {
      hint: 'install it: apt-get install redis-server',
      cause: error,
    });
  return /v=(\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

function write(folder: string, name: string, text: string): void {
  try {
    writeFileSync(join(folder, name), text);
  } catch (cause) {
    throw new HarnessError('OUTPUT_FAILED', `${name} cannot be written: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Runs the suite and writes `libraries.json` and `libraries.md`; the table goes to stdout, progress to stderr. What
 * a library does badly is a finding and no failure: the exit code is 0.
 *
 * @throws HarnessError `ENVIRONMENT_UNAVAILABLE` where a library is not installed, `UNKNOWN_NAME`, `REDIS_MISSING`
 */
export async function compareLibraries(flags: LibraryFlags): Promise<void> {
  const redis = redisVersion();
  const subjects = await chooseSubjects(flags);
  const started = new Date();
  const loadAverage = Number(loadavg()[0]!.toFixed(1));
  const folder = makeOutputFolder(newRunId('libraries', started), flags.out);
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  const interrupts = listenForInterrupts(tell);
  try {
    const { cases, load } = await runSuite({
      subjects: subjects.map(({ id }) => id),
      cases: SUITE_CASES,
      atOnce: AT_ONCE,
      rounds: ROUNDS,
      signal: interrupts.signal,
      progress: tell,
    });
    const report: LibrariesReport = {
      kind: 'libraries',
      cachequakeVersion: packageVersion(),
      command: typedCommand(),
      startedAt: started.toISOString(),
      finishedAt: new Date().toISOString(),
      machine: describeMachine(),
      loadAverage,
      runtime: { node: process.version, redis },
      subjects,
      cases: SUITE_CASES.map(({ id, title, about, prose, columns, finding }) => ({
        id,
        title,
        about,
        prose,
        columns,
        outcomes: cases
          .filter(({ caseId }) => caseId === id)
          .map(({ subject, facts, problem, starvedMs }) => ({
            subject,
            facts,
            problem,
            starvedMs,
            // What a busy machine did is not what the subject does.
            finding: problem ?? (isStarved(starvedMs, about) ? null : finding(facts ?? {})),
          })),
      })),
      load: { ...LOAD_PART, rounds: ROUNDS, outcomes: load },
    };
    write(folder, 'libraries.json', `${JSON.stringify(report, null, 2)}\n`);
    write(folder, 'libraries.md', renderLibrariesMarkdown(report));
    linkLatest(folder, flags.out);
    process.stdout.write(`${renderLibrariesText(report)}\n${folder}\n`);
  } catch (error) {
    if (!interrupts.signal.aborted) throw error;
    process.exitCode = EXIT.interrupted;
  } finally {
    interrupts.dispose();
  }
}
