/**
 * Finds the package's own files, in a checkout (TypeScript, no build) and installed (compiled JavaScript), so that
 * child processes are started the same way in both.
 */
import { readFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);
const compiled = extname(here) === '.js';

/** The folder that holds `harness/` and `targets/`: the checkout, or `dist` of the installed package. */
export const sourceRoot = resolve(dirname(here), '..', '..');

/** The folder of `package.json`. */
export const packageRoot = compiled ? dirname(sourceRoot) : sourceRoot;

/** True in a checkout, where results go to `reports/runs/`. */
export const isCheckout = !compiled;

/** The path of a module that can be run or imported: `entryPoint('targets/shop/main')`. */
export function entryPoint(name: string): string {
  return join(sourceRoot, `${name}${compiled ? '.js' : '.ts'}`);
}

/** The version in `package.json`. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version;
}
