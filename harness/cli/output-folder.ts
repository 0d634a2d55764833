/** Where a run's files go, and the `latest` link that points to the newest. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { HarnessError, messageOf } from '../contract/errors.ts';
import { isCheckout, packageRoot } from '../kit/package-root.ts';

/** `20261121-104500-hot-key-3f9a`: sorts by time and is unique. */
export function newRunId(what: string, now: Date): string {
  const time = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${time}-${what}-${randomBytes(2).toString('hex')}`;
}

/**
 * Makes the folder of a run.
 *
 * @param out what was given with `--out`; otherwise `reports/runs/<id>` in a checkout, `cachequake-runs/<id>` elsewhere
 * @throws HarnessError OUTPUT_FAILED where it cannot be made
 */
export function makeOutputFolder(runId: string, out?: string): string {
  const folder = out
    ? resolve(out)
    : join(isCheckout ? join(packageRoot, 'reports', 'runs') : resolve('cachequake-runs'), runId);
  try {
    mkdirSync(folder, { recursive: true });
    if (out === undefined) keepOutOfGit(dirname(folder));
  } catch (cause) {
    throw new HarnessError('OUTPUT_FAILED', `the folder ${folder} cannot be made: ${messageOf(cause)}`, {
      hint: 'choose another with --out',
      cause,
    });
  }
  return folder;
}

/** Takes back the folder of a run that never began; logs that explain why are kept. */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something is in it, or it is gone already.
  }
}

/** What is left in a user's repository must not make its working folder look changed. */
function keepOutOfGit(folder: string): void {
  const ignore = join(folder, '.gitignore');
  if (!isCheckout && !existsSync(ignore)) writeFileSync(ignore, '*\n');
}

/**
 * Points `latest` beside the folder to it. A file system without links does without.
 *
 * @param out what was given with `--out`: who chose a folder finds it, and gets nothing else beside it
 */
export function linkLatest(folder: string, out?: string): void {
  if (out !== undefined) return;
  const link = join(dirname(folder), 'latest');
  const fresh = `${link}.${process.pid}`;
  try {
    rmSync(fresh, { force: true });
    symlinkSync(basename(folder), fresh);
    renameSync(fresh, link);
  } catch {
    rmSync(fresh, { force: true });
  }
}
