/**
 * The folders that a container needs to see: the package with its dependencies, and whatever files of the user's own
 * the plan names. They are mounted read-only at the very same paths, so that every path in the plan means the same
 * inside, and no image has to be built.
 */
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import type { RunPlan } from '../contract/plan.ts';
import { packageRoot } from '../kit/package-root.ts';

/** The outermost `node_modules` on a path, or null. */
function outermostModules(path: string): string | null {
  const part = `${sep}node_modules`;
  const at = path.indexOf(`${part}${sep}`);
  return at < 0 ? null : path.slice(0, at + part.length);
}

/** The nearest folder upwards that looks like a project; otherwise the file's own. */
function projectOf(file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder))
    if (existsSync(join(folder, 'package.json'))) return folder;
  return dirname(file);
}

/** Drops folders that lie inside others. */
export function outerFolders(folders: readonly string[]): string[] {
  const unique = [...new Set(folders)].toSorted((a, b) => a.length - b.length);
  return unique.filter((folder, index) => !unique.slice(0, index).some((outer) => folder.startsWith(outer + sep)));
}

/** The folders to mount for the harness's own programs and for the services of a plan. */
export function mountsFor(plan: RunPlan | null): string[] {
  const folders = [outermostModules(packageRoot) ?? packageRoot];
  // The dependencies may lie elsewhere: hoisted to an outer project, or behind a symbolic link.
  const dependency = createRequire(import.meta.url).resolve('ioredis');
  const real = realpathSync(dependency);
  for (const path of [dependency, real]) folders.push(outermostModules(path) ?? dirname(path));
  const parts = [...(plan?.stack ?? []), ...(plan?.stock ? [plan.stock] : [])];
  for (const { file } of parts) if (file !== null) folders.push(outermostModules(file) ?? projectOf(file));
  return outerFolders(folders);
}
