/**
 * Clusters that earlier runs have used, each put back to the byte into the state of the template. To take one is a
 * rename, where a copy makes four hundred files; ext4 makes files slowly for minutes after as many were deleted,
 * because it does not give the number of a deleted file away at once.
 */
import { randomBytes } from 'node:crypto';
import {
  type Dirent,
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** As many as a stack with a replica needs, and one for a neighbour. Each takes 17 MB. */
const MOST_SPARES = 3;

/** Where the spares of a template lie: beside its data, so that they go when it goes. */
const sparesOf = (template: string): string => join(dirname(template), 'spares');

/**
 * Moves a spare to `target`, if there is one. Safe when several do it at once: a rename succeeds for one of them.
 *
 * @param template its data, on the same file system as the target
 * @returns false where there is none
 */
export function takeSpare(template: string, target: string): boolean {
  const spares = sparesOf(template);
  for (const name of namesIn(spares)) {
    try {
      renameSync(join(spares, name), target);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return false;
}

/**
 * Keeps the data of a server that has ended for a later run, unless there are enough. What is left behind is the
 * caller's to remove, and so is everything where this throws.
 *
 * @param template the data that it was copied from
 * @param data of a server that has ended
 */
export function keepAsSpare(template: string, data: string): void {
  const spares = sparesOf(template);
  if (namesIn(spares).length >= MOST_SPARES) return;
  restore(template, data);
  restoreOwner(template, data);
  mkdirSync(spares, { recursive: true, mode: 0o700 });
  renameSync(data, join(spares, randomBytes(6).toString('hex')));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const kindOf = (entry: Dirent): string => (entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other');

/** Makes a folder the same as another, writing only what differs. */
function restore(from: string, to: string): void {
  const wanted = new Map(readdirSync(from, { withFileTypes: true }).map((entry) => [entry.name, kindOf(entry)]));
  const there = new Set<string>();
  for (const entry of readdirSync(to, { withFileTypes: true })) {
    if (wanted.get(entry.name) === kindOf(entry)) there.add(entry.name);
    else rmSync(join(to, entry.name), { recursive: true });
  }
  for (const [name, kind] of wanted) {
    const [source, target] = [join(from, name), join(to, name)];
    if (kind === 'folder') {
      if (!there.has(name)) mkdirSync(target);
      restore(source, target);
    } else if (there.has(name)) restoreFile(source, target);
    else copyFileSync(source, target);
    restoreOwner(source, target);
  }
}

function restoreFile(source: string, target: string): void {
  const content = readFileSync(source);
  if (content.equals(readFileSync(target))) return;
  // In place: a file that was emptied first would be written to the disk at once.
  const file = openSync(target, 'r+');
  try {
    for (let at = 0; at < content.length;) at += writeSync(file, content, at);
    ftruncateSync(file, content.length);
  } finally {
    closeSync(file);
  }
}

function restoreOwner(source: string, target: string): void {
  const [wanted, there] = [lstatSync(source), lstatSync(target)];
  if (wanted.uid !== there.uid || wanted.gid !== there.gid) chownSync(target, wanted.uid, wanted.gid);
  if (wanted.mode !== there.mode) chmodSync(target, wanted.mode & 0o7777);
}
