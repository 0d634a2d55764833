/**
 * Writes a result and everything that is rendered from it. `result.json` comes first and whole or not at all; a
 * renderer that fails costs its own file and nothing else, since every report can be rendered again from the result.
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { StoredResult } from '../contract/result.ts';
import { firstProblem, RESULT_FILE } from './read.ts';
import { storedResultSchema } from './schema.ts';
import { serialiseResult } from './serialise.ts';

/** One file that a result becomes. */
export interface Renderer<R extends StoredResult> {
  /** For example `report.html`, within the run's folder. */
  file: string;
  /** Null where this result has nothing for the file. */
  render(result: R): string | Uint8Array | null | Promise<string | Uint8Array | null>;
}

export interface WrittenResult {
  /** Absolute paths, `result.json` first. */
  files: string[];
  /** Renderers that failed, with the reason. */
  failed: { file: string; reason: string }[];
}

/**
 * Writes `result.json` and the renderers' files. What is rendered is the result as it is in the file, so a report
 * made now and one made later from the file are the same.
 *
 * @param folder made where it is missing
 * @throws HarnessError OUTPUT_FAILED where the disk refuses; INTERNAL where the result does not fit its own schema
 *   (the file is written nevertheless, so that nothing is lost)
 */
export async function writeResult<R extends StoredResult>(
  result: R,
  folder: string,
  renderers: readonly Renderer<R>[],
): Promise<WrittenResult> {
  const text = serialiseResult(result);
  const path = resolve(folder, RESULT_FILE);
  await writeAtomically(path, text);
  const parsed = storedResultSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new HarnessError('INTERNAL', `the result does not fit its own schema: ${firstProblem(parsed.error)}`, {
      hint: `it is kept in ${path}`,
    });

  const written: WrittenResult = { files: [path], failed: [] };
  for (const { file, render } of renderers) {
    let content: string | Uint8Array | null;
    try {
      // Of the same kind, since the text says so.
      content = await render(parsed.data as StoredResult as R);
    } catch (error) {
      written.failed.push({ file, reason: messageOf(error) });
      continue;
    }
    if (content === null) continue;
    const target = join(dirname(path), file);
    await writeAtomically(target, content);
    written.files.push(target);
  }
  return written;
}

/** Beside the target, flushed, then renamed: a reader sees the old file or the new one, never half of one. */
async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new HarnessError('OUTPUT_FAILED', `could not write ${path}: ${messageOf(cause)}`, {
      hint: hintFor((cause as NodeJS.ErrnoException).code),
      cause,
    });
  }
}

function hintFor(code: string | undefined): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full: free some space, or write elsewhere with --out';
    case 'EACCES':
    case 'EPERM':
      return 'you may not write there: choose another folder with --out';
    case 'EROFS':
      return 'the file system is read-only: choose another folder with --out';
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
      return 'something else has that name: choose another folder with --out';
    default:
      return 'choose another folder with --out';
  }
}
