/** Runs wrk and stock autocannon as anybody would, and reads what they report. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Requests per second that wrk reaches on one thread; null where it is not installed. */
export async function runWrk(url: string, connections: number, seconds: number): Promise<number | null> {
  try {
    const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, url]);
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

export interface AutocannonReport {
  requests: { average: number; sent: number };
  /** Whole milliseconds. */
  latency: Record<'p50' | 'p90' | 'p97_5' | 'p99' | 'p99_9' | 'max' | 'totalCount', number>;
}

/** Autocannon's own JSON, with its defaults except for what `flags` says. */
export async function runAutocannon(url: string, flags: readonly string[]): Promise<AutocannonReport> {
  const file = createRequire(import.meta.url).resolve('autocannon');
  const { stdout } = await run(process.execPath, [file, '--json', ...flags, url]);
  return JSON.parse(stdout) as AutocannonReport;
}
