/**
 * Finds and reads `cachequake.config.ts`, `.js` or `.json` in the working folder, or the file named with `--config`.
 * A wrong file is an error with its path and, for JSON, the line.
 */
import { existsSync, readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HarnessError, messageOf } from '../contract/errors.ts';
import { letImportPackage } from '../kit/own-imports.ts';

const NAMES = ['cachequake.config.ts', 'cachequake.config.js', 'cachequake.config.json'];

export interface ReadConfig {
  path: string | null;
  content: Record<string, unknown>;
}

/**
 * @param explicit the path given with `--config`, or undefined to look in `folder`
 * @throws HarnessError BAD_CONFIG where a named file is missing, does not load or holds no object
 */
export async function readConfig(folder: string, explicit?: string): Promise<ReadConfig> {
  const path = explicit
    ? resolve(folder, explicit)
    : NAMES.map((name) => join(folder, name)).find((p) => existsSync(p));
  if (!path) return { path: null, content: {} };
  if (!existsSync(path)) throw new HarnessError('BAD_CONFIG', `config file not found: ${path}`);
  const content = extname(path) === '.json' ? readJson(path) : await readModule(path);
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new HarnessError('BAD_CONFIG', `${path} must hold an object of settings`, {
      hint: extname(path) === '.json' ? '{ "instances": 4 }' : 'export default { instances: 4 }',
    });
  const { $schema: _, ...settings } = content as Record<string, unknown>;
  return { path, content: settings };
}

function readJson(path: string): unknown {
  const text = readFileSync(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = messageOf(cause);
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? NaN);
    const line = Number.isFinite(position) ? `, line ${text.slice(0, position).split('\n').length}` : '';
    throw new HarnessError('BAD_CONFIG', `${path}${line}: ${message}`, { cause });
  }
}

async function readModule(path: string): Promise<unknown> {
  letImportPackage(path);
  try {
    return ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (cause) {
    throw new HarnessError('BAD_CONFIG', `${path} does not load: ${messageOf(cause)}`, { cause });
  }
}
