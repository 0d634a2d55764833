/**
 * Packs the checkout and uses the package as somebody else would: in a folder of its own, on a path that holds Node,
 * npm and the machine's programs, but none of the tools that the checkout is developed with.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { packageRoot } from '../harness/kit/package-root.ts';

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Longer than anything here takes, also on a busy machine; a hanging command must not hang the tests. */
const LIMIT_MS = 230_000;

/** What npm and the test runner tell their own children, and what a CI service tells its jobs. */
const NOT_THE_USERS = /^(npm_|node_(options|env|path)$|vitest|cachequake_|github_|runner_|ci_|gitlab_|init_cwd$)/i;
/** Where npm finds its packages is the machine's affair. */
const THE_MACHINES = /^npm_config_(registry|cache|userconfig|globalconfig)$/i;

/** A folder that is gone after `rmSync`, with a `bin` for the path of {@link userEnvironment}. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `cachequake-${name}-`));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(process.execPath, join(folder, 'bin', 'node'));
  return folder;
}

/** The environment of a user's shell, with this process's Node first on the path. */
export function userEnvironment(folder: string): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && (!NOT_THE_USERS.test(name) || THE_MACHINES.test(name)),
  ) as [string, string][];
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: [join(folder, 'bin'), ...path].join(delimiter), NO_COLOR: '1' };
}

/** Runs a program to its end; after {@link LIMIT_MS} it is ended with all that it has started. */
export function runIn(
  cwd: string,
  command: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what a script has started can be ended with it.
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const limit = setTimeout(() => process.kill(-child.pid!, 'SIGINT'), LIMIT_MS);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(limit);
      resolve({ code, stdout, stderr });
    });
  });
}

/** As {@link runIn}, for what must succeed. */
export async function mustRun(...call: Parameters<typeof runIn>): Promise<Finished> {
  const finished = await runIn(...call);
  if (finished.code !== 0)
    throw new Error(
      `${call[1]} ${call[2].join(' ')} ended with ${finished.code}:\n${finished.stdout}${finished.stderr}`,
    );
  return finished;
}

export interface Packed {
  /** Absolute path. */
  tarball: string;
  bytes: number;
  unpackedBytes: number;
  files: string[];
}

interface PackAnswer {
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string }[];
}

/** Builds and packs the checkout into the folder. */
export async function packInto(folder: string): Promise<Packed> {
  const { stdout } = await mustRun(packageRoot, 'npm', ['pack', '--json', '--pack-destination', folder], {
    ...userEnvironment(folder),
    // The build's compiler belongs to the checkout.
    PATH: [join(packageRoot, 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
  });
  const answers = JSON.parse(stdout) as PackAnswer[] | Record<string, PackAnswer>;
  const [answer] = Object.values(answers);
  if (!answer) throw new Error(`npm pack named no file:\n${stdout}`);
  return {
    tarball: join(folder, answer.filename),
    bytes: answer.size,
    unpackedBytes: answer.unpackedSize,
    files: answer.files.map((file) => file.path).sort(),
  };
}

/** What the cache has is not asked for again. */
export const NPM_QUIET = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * An empty project that is to depend on the package alone: its manifest, and a lock of the versions that the checkout
 * is tested with, so that what somebody else released today does not decide about our tests.
 */
export function emptyProject(project: string): void {
  mkdirSync(project, { recursive: true });
  const { packages } = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; peer?: boolean; devOptional?: boolean }>;
  };
  const published = Object.entries(packages).filter(
    ([path, one]) => path !== '' && !one.dev && !one.peer && !one.devOptional,
  );
  const { allowScripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    allowScripts: Record<string, boolean>;
  };
  const manifest = { name: 'a-project', private: true, type: 'module', allowScripts };
  const lock = {
    name: manifest.name,
    lockfileVersion: 3,
    requires: true,
    packages: { '': { name: manifest.name }, ...Object.fromEntries(published) },
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest, null, 2));
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify(lock, null, 2));
}
