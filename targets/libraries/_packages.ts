/**
 * Which of the optional packages are installed, and in which version. A library that is missing is refused before
 * anything starts, with the command that brings it and the command that does without it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { HarnessError } from '../../harness/contract/errors.ts';
import type { Library } from '../../harness/contract/library.ts';
import { packageRoot } from '../../harness/kit/package-root.ts';

interface Manifest {
  version: string;
  peerDependencies?: Record<string, string>;
}

const require = createRequire(import.meta.url);

function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
}

/** The folder of an installed package as Node would find it from here; null where there is none. */
function packageFolder(name: string, from: NodeJS.Require = require): string | null {
  const folders = (from.resolve.paths(name) ?? []).map((folder) => join(folder, name));
  return folders.find((folder) => existsSync(join(folder, 'package.json'))) ?? null;
}

/** The installed version of a package; null where it is not installed. */
function installedVersion(name: string, from: NodeJS.Require = require): string | null {
  const folder = packageFolder(name, from);
  return folder === null ? null : readManifest(join(folder, 'package.json')).version;
}

/** `require` as the package itself has it: finds the peers that the package finds. */
function requireFrom(name: string): NodeJS.Require {
  const folder = packageFolder(name);
  if (folder === null) throw new HarnessError('INTERNAL', `${name} is not installed`);
  return createRequire(join(folder, 'package.json'));
}

/** Version of each package of a library and of the Redis client that it finds; only for one that is installed. */
export function versionsOf(library: Library): Record<string, string> {
  const versions = library.packages.map((name) => [name, installedVersion(name) ?? 'not installed'] as const);
  const client = library.packages.map((name) => installedVersion(library.client, requireFrom(name))).find(Boolean);
  return Object.fromEntries([...versions, [library.client, client ?? 'not installed']]);
}

/**
 * Refuses a library whose packages are not all installed.
 *
 * @param alternatives ids of what can be run without it, for the hint
 * @throws HarnessError `ENVIRONMENT_UNAVAILABLE` naming the packages, the npm command and what runs without them
 */
export function assertInstalled(library: Library, alternatives: readonly string[] = []): void {
  const missing = library.packages.filter((name) => packageFolder(name) === null);
  if (missing.length === 0) return;
  const ranges = readManifest(join(packageRoot, 'package.json')).peerDependencies ?? {};
  const wanted = missing.map((name) => (ranges[name] ? `${name}@${ranges[name]}` : name));
  const others =
    alternatives.length > 0 ? `; without it: cachequake compare libraries --library ${alternatives.join(',')}` : '';
  throw new HarnessError(
    'ENVIRONMENT_UNAVAILABLE',
    `${library.id} needs ${missing.join(' and ')}, not installed here`,
    {
      hint: `npm install --save-dev ${wanted.map((name) => `'${name}'`).join(' ')}${others}`,
    },
  );
}

/** True for a library whose packages are all there. */
export function isInstalled(library: Library): boolean {
  return library.packages.every((name) => packageFolder(name) !== null);
}
