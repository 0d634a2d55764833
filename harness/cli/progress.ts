/**
 * What a person sees while a run goes on, all of it on stderr: on a terminal one line that is drawn again, with the
 * steps above it; elsewhere a plain line for each step and one every few seconds, as a CI log wants it.
 */
import pc from 'picocolors';
import type { LoadProgress } from '../contract/load.ts';
import { formatDuration } from '../kit/units.ts';

const PLAIN_EVERY_MS = 5000;

export interface Progress {
  step(line: string): void;
  load(progress: LoadProgress): void;
  /** Removes the live line; call before printing the result. */
  done(): void;
}

/**
 * @param stream usually stderr
 * @param live true on a terminal
 */
export async function createProgress(stream: NodeJS.WriteStream, live: boolean): Promise<Progress> {
  const update = live ? (await import('log-update')).createLogUpdate(stream) : null;
  const startedMs = performance.now();
  let lastPlainMs = -Infinity;
  const stamp = (): string =>
    pc.dim(formatDuration(Math.round((performance.now() - startedMs) / 100) * 100).padStart(7));
  return {
    step(line) {
      update?.clear();
      stream.write(`${stamp()}  ${line}\n`);
    },
    load(progress) {
      const now = performance.now();
      if (!update && now - lastPlainMs < PLAIN_EVERY_MS) return;
      lastPlainMs = now;
      const share = Math.min(1, Math.max(0, progress.elapsedMs / progress.totalMs));
      const line = `${progress.segment}  ${formatDuration(progress.elapsedMs)} of ${formatDuration(progress.totalMs)}  offered ${Math.round(progress.offeredPerSec)}/s  done ${Math.round(progress.completedPerSec)}/s  p99 ${(progress.p99Us / 1000).toPrecision(3)} ms  errors ${progress.errors}`;
      if (update) update(`${stamp()}  ${bar(share)}  ${line}`);
      else stream.write(`${stamp()}  ${line}\n`);
    },
    done() {
      update?.clear();
    },
  };
}

function bar(share: number): string {
  const filled = Math.round(share * 20);
  return pc.cyan('━'.repeat(filled)) + pc.dim('━'.repeat(20 - filled));
}
