/**
 * Finds what a folder holds: each file is one defence, profile, fault, probe or check, exported as default, whose id
 * equals the file's name. Adding one is adding a file; a wrong file is an error with its path.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HarnessError, messageOf } from '../contract/errors.ts';
import { letImportPackage } from './own-imports.ts';

/** Loads the default export of one file and checks its id. */
export async function loadModule<T extends { id: string }>(file: string, kind: string): Promise<T> {
  const path = resolve(file);
  if (!existsSync(path)) throw new HarnessError('BAD_MODULE', `${kind} file not found: ${path}`);
  letImportPackage(path);
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (cause) {
    throw new HarnessError('BAD_MODULE', `${kind} file ${path} does not load: ${messageOf(cause)}`, { cause });
  }
  const item = module.default as T | undefined;
  const name = idOf(path);
  if (typeof item !== 'object' || item === null || typeof item.id !== 'string')
    throw new HarnessError('BAD_MODULE', `${kind} file ${path} has no default export with an id`, {
      hint: `export default define${kind[0]?.toUpperCase() ?? ''}${kind.slice(1)}({ id: '${name}', … })`,
    });
  if (item.id !== name)
    throw new HarnessError('BAD_MODULE', `${kind} file ${path} declares the id '${item.id}', but is named '${name}'`, {
      hint: 'the id must equal the file name',
    });
  return item;
}

/**
 * Loads every module of a folder, sorted by id. Tests and files that begin with `_` are passed over.
 *
 * @param folder absolute path
 * @param kind for messages, for example `defence`
 */
export async function loadModules<T extends { id: string }>(folder: string, kind: string): Promise<Map<string, T>> {
  const items = new Map<string, T>();
  for (const name of definitionFiles(folder)) {
    const item = await loadModule<T>(join(folder, name), kind);
    items.set(item.id, item);
  }
  return items;
}

/**
 * Loads the one module of a folder that has this id. A service instance needs few of the parts that there are, and to
 * load all would be most of its start.
 *
 * @param folder absolute path
 * @param kind for messages, for example `defence`
 * @throws HarnessError `UNKNOWN_NAME` with those there are
 */
export async function loadNamed<T extends { id: string }>(folder: string, id: string, kind: string): Promise<T> {
  const files = definitionFiles(folder);
  const file = files.find((name) => idOf(name) === id);
  if (file !== undefined) return loadModule<T>(join(folder, file), kind);
  // As a person would write it: `stock strategy`.
  const words = kind.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  throw new HarnessError('UNKNOWN_NAME', `there is no ${words} '${id}'`, {
    hint: `one of ${files.map(idOf).join(', ')}`,
  });
}

const idOf = (name: string): string => basename(name, extname(name));

function definitionFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.[jt]s$/.test(name) && !/\.(test|int\.test|d)\.[jt]s$/.test(name) && !name.startsWith('_'))
    .sort();
}
