/** Fills the database of a service of the user's own, or puts it back: with a file of SQL, or with a program. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { HarnessError, messageOf } from '../../harness/contract/errors.ts';
import type { QueryRunner } from '../../harness/contract/target.ts';
import { redact } from '../../harness/kit/redact.ts';

/** As much of its output as a message can bear. */
const LAST_CHARACTERS = 2000;

/** @param file absolute path @param fillIn replaces the placeholders */
export async function runSqlFile(file: string, fillIn: (text: string) => string, sql: QueryRunner): Promise<void> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new HarnessError('BAD_CONFIG', `the SQL file ${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
  const filled = fillIn(text);
  try {
    await sql.query(filled);
  } catch (cause) {
    const { position } = cause as { position?: string };
    const line = position === undefined ? '' : `, line ${filled.slice(0, Number(position)).split('\n').length}`;
    throw new HarnessError('SERVICE_FAILED', `${file}${line}: ${messageOf(cause)}`, {
      hint: 'it is run as one text on the direct connection, before each run: it must be repeatable',
      cause,
    });
  }
}

export interface DataCommand {
  argv: readonly string[];
  cwd: string;
  environment: Record<string, string>;
  timeoutMs: number;
  /** For messages, for example `seed of Articles`. */
  title: string;
}

/** Runs a program to its end, in a group of its own, so that nothing of it outlives its time. */
export function runDataCommand({ argv, cwd, environment, timeoutMs, title }: DataCommand): Promise<void> {
  const [file = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-LAST_CHARACTERS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, timeoutMs);
    const fail = (what: string, cause?: unknown): void =>
      reject(
        new HarnessError(
          'SERVICE_FAILED',
          `${title}: \`${argv.join(' ')}\` ${what}${output.trim() === '' ? '' : `; its last words:\n${redact(output.trim())}`}`,
          {
            cause,
          },
        ),
      );
    child.once('error', (error) => {
      clearTimeout(timer);
      fail(`cannot be started: ${error.message}`, error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (late) fail(`did not end within ${timeoutMs / 1000} s`);
      else if (code === 0) resolve();
      else fail(signal ? `was ended by ${signal}` : `ended with code ${code ?? 'unknown'}`);
    });
  });
}
