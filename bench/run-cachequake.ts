/** Runs the command line as a user would and reads what it left, for benches that measure the whole. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunResult } from '../harness/contract/result.ts';
import { entryPoint } from '../harness/kit/package-root.ts';

/**
 * @param args for example `['run', 'hot-key']`; `--out` is added
 * @throws Error with the last lines of stderr where no result was written
 */
export async function runCachequake(args: readonly string[]): Promise<RunResult> {
  const out = mkdtempSync(join(tmpdir(), 'cachequake-bench-'));
  try {
    const child = spawn(process.execPath, [entryPoint('harness/cli/main'), ...args, '--out', out], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-4000);
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    try {
      return JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as RunResult;
    } catch {
      throw new Error(`cachequake ${args.join(' ')} ended with ${String(code)} and no result:\n${stderr}`);
    }
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
