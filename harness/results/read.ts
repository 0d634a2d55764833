/** Reads a result back: refuses what is newer by name, lifts what is older, and names the first field that is wrong. */
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { AnyResult, StoredResult } from '../contract/result.ts';
import { migrate } from './migrate.ts';
import { storedResultSchema } from './schema.ts';

/** The name of the file that holds everything. */
export const RESULT_FILE = 'result.json';

/**
 * Reads the result of a run or a comparison.
 *
 * @param fileOrFolder a `result.json`, or the folder of a run
 * @throws HarnessError BAD_RESULT where there is none, a field is wrong or it is a gate's, NEWER_SCHEMA for one of a
 *   later version
 */
export async function readResult(fileOrFolder: string): Promise<AnyResult> {
  const result = await readStored(fileOrFolder);
  if (result.kind === 'gate')
    throw new HarnessError('BAD_RESULT', `${fileOrFolder} is the result of a gate, and one of a run is needed`, {
      hint: '`cachequake report` and `cachequake history` read the results of gates',
    });
  return result;
}

/**
 * Reads a result of any kind.
 *
 * @param fileOrFolder a `result.json`, or the folder that holds it
 * @throws HarnessError BAD_RESULT where there is none or a field is wrong, NEWER_SCHEMA for one of a later version
 */
export async function readStored(fileOrFolder: string): Promise<StoredResult> {
  const { file, text } = await readText(resolve(fileOrFolder));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new HarnessError('BAD_RESULT', `${file} is not JSON: ${messageOf(cause)}`, {
      hint: 'the file may have been cut off or edited; run again',
      cause,
    });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new HarnessError('BAD_RESULT', `${file} is not a Cachequake result`);
  const parsed = storedResultSchema.safeParse(migrate(json as Record<string, unknown>, file));
  if (!parsed.success) throw new HarnessError('BAD_RESULT', `${file}: ${firstProblem(parsed.error)}`);
  return parsed.data;
}

/** For example `runs[0].plan.seed: expected number, received string`. */
export function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return 'does not fit the schema';
  const path = issue.path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
    .join('');
  return `${path === '' ? 'the whole' : path}: ${issue.message.replace(/^Invalid input: /, '')}`;
}

async function readText(path: string): Promise<{ file: string; text: string }> {
  try {
    const file = (await stat(path)).isDirectory() ? join(path, RESULT_FILE) : path;
    return { file, text: await readFile(file, 'utf8') };
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new HarnessError('BAD_RESULT', missing ? `no result at ${path}` : `${path}: ${messageOf(cause)}`, {
      hint: `give the folder of a run, or its ${RESULT_FILE}`,
      cause,
    });
  }
}
