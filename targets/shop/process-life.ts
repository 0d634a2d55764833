/**
 * When an instance ends: on SIGTERM or SIGINT, and when whoever started it goes away. A parent that was killed cannot
 * tell its children; the pipe to their stdin closes all the same.
 */
import { fstatSync } from 'node:fs';

/** Is stdin a pipe or a socket pair that a parent holds open? A terminal and `/dev/null` are not. */
function stdinIsPipe(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false; // closed
  }
}

/**
 * Calls `stop` once, when the process is to end, and ends it when that is done: 0, or 1 where `stop` failed or took
 * longer than `limitMs`. A second signal ends it at once.
 */
export function endGracefully(stop: (reason: string) => Promise<void>, limitMs: number): void {
  let ending = false;
  const end = (reason: string): void => {
    if (ending) process.exit(1);
    ending = true;
    setTimeout(() => process.exit(1), limitMs).unref();
    stop(reason).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', () => end('SIGTERM'));
  process.on('SIGINT', () => end('SIGINT'));
  if (!stdinIsPipe()) return;
  process.stdin.on('error', () => undefined);
  process.stdin.once('close', () => {
    if (!ending) end('the parent is gone');
  });
  process.stdin.resume();
}
