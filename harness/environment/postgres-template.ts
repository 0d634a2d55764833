/**
 * A database cluster, made once per version and copied for each run: initdb takes longer than everything else that a
 * start needs. The copy already holds the database and pg_stat_statements. Nothing ever connects to the template.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { HarnessError, messageOf } from '../contract/errors.ts';
import { bareEnvironment } from './bare-environment.ts';
import { asUser, reachableFolder, type PostgresBinaries } from './postgres-binaries.ts';
import { keepAsSpare, takeSpare } from './postgres-spares.ts';

const run = promisify(execFile);

/** Raised when what is in a template changes. */
const TEMPLATE_VERSION = 3;

/** Whether a folder of this name is a template of an older version, which nobody will copy any more. */
export function isOutdatedTemplate(name: string): boolean {
  const version = /^pgdata-.+-v(\d+)$/.exec(name)?.[1];
  return version !== undefined && Number(version) < TEMPLATE_VERSION;
}

export const DATABASE = 'cachequake';
export const DATABASE_USER = 'cachequake';

export interface PostgresTemplate {
  /** In the folder that holds everything that belongs to it. */
  data: string;
  password: string;
}

/** Runs statements in a server without network that serves nobody else. */
async function single(binaries: PostgresBinaries, data: string, database: string, statements: string): Promise<void> {
  const promise = run(binaries.postgres, ['--single', '-j', '-c', 'fsync=off', '-D', data, database], {
    cwd: '/',
    env: bareEnvironment(),
    ...asUser(binaries.user),
  });
  promise.child.stdin?.end(`${statements};\n\n`);
  const { stdout, stderr } = await promise;
  const trouble = /(?:ERROR|FATAL|PANIC): .*/.exec(stdout + stderr);
  if (trouble) throw new Error(trouble[0]);
}

async function make(binaries: PostgresBinaries, folder: string): Promise<void> {
  const { uid, gid } = binaries.user;
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 });
  mkdirSync(data, { mode: 0o700 });
  if (uid !== undefined && gid !== undefined) {
    chmodSync(folder, 0o711);
    chownSync(data, uid, gid);
    chownSync(passwordFile, uid, gid);
  }
  const options = { cwd: '/', env: bareEnvironment(), ...asUser(binaries.user) };
  const flags = [
    '--no-locale',
    '--encoding=UTF8',
    '--no-sync',
    '--no-instructions',
    '--wal-segsize=1',
    '--auth=scram-sha-256',
  ];
  await run(binaries.initdb, ['-D', data, '-U', DATABASE_USER, `--pwfile=${passwordFile}`, ...flags], options);
  await single(binaries, data, 'postgres', 'CREATE EXTENSION pg_stat_statements');
  await single(binaries, data, 'template1', `ALTER DATABASE postgres RENAME TO ${DATABASE}`);
  // The template is copied for every run, file by file, and a run needs one database only.
  await single(binaries, data, DATABASE, 'UPDATE pg_database SET datistemplate = false');
  for (const other of ['template0', 'template1']) await single(binaries, data, DATABASE, `DROP DATABASE ${other}`);
}

/**
 * The template for these binaries, made where it is missing. Safe when several do it at once: the first wins.
 *
 * @throws HarnessError `POSTGRES_FAILED`
 */
export async function postgresTemplate(binaries: PostgresBinaries): Promise<PostgresTemplate> {
  const name = `pgdata-${binaries.version}-${process.arch}-${binaries.user.uid ?? 'own'}-v${TEMPLATE_VERSION}`;
  const folder = join(reachableFolder(binaries.user), 'cache', name);
  if (!existsSync(folder)) {
    mkdirSync(dirname(folder), { recursive: true, mode: 0o711 });
    chmodSync(dirname(folder), 0o711);
    const making = mkdtempSync(`${folder}.new-`);
    try {
      await make(binaries, making);
      renameSync(making, folder);
    } catch (cause) {
      if (!existsSync(folder))
        throw new HarnessError('POSTGRES_FAILED', `cannot make a database cluster: ${messageOf(cause)}`, {
          cause,
          hint: 'is the disk full? `cachequake doctor` looks',
        });
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
  }
  return { data: join(folder, 'data'), password: readFileSync(join(folder, 'password'), 'utf8') };
}

/** The template's data for one run, with owner and modes: that of an earlier run, or a copy. */
export async function provideData(template: PostgresTemplate, target: string): Promise<void> {
  if (takeSpare(template.data, target)) return;
  try {
    await run('cp', ['-Rp', template.data, target]);
  } catch (cause) {
    throw new HarnessError('POSTGRES_FAILED', `cannot copy the database cluster to ${target}: ${messageOf(cause)}`, {
      cause,
      hint: 'is the disk full? each run needs about 50 MB',
    });
  }
}

/** Keeps the data for a later run where it can. What is left of it is the caller's to remove. */
export function returnData(template: PostgresTemplate, data: string): void {
  try {
    keepAsSpare(template.data, data);
  } catch {
    // Then the next run makes a copy.
  }
}
