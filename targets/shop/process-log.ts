/**
 * The log of an instance: lines on stderr, the same text at most once a second. While a dependency is down every
 * request has something to complain about, and writing all of it would be the next fault.
 */
import type { Clock, Log } from '../../harness/contract/time.ts';

const QUIET_MS = 1_000;
const REMEMBERED = 200;

/**
 * @param write takes one line, without its end
 */
export function createLog(instance: string, clock: Clock, write: (line: string) => void): Log {
  const seen = new Map<string, { atMs: number; held: number }>();
  const say = (level: string, message: string): void => {
    const nowMs = clock.nowMs();
    const last = seen.get(message);
    if (last !== undefined && nowMs - last.atMs < QUIET_MS) {
      last.held += 1;
      return;
    }
    if (seen.size >= REMEMBERED) seen.clear();
    seen.set(message, { atMs: nowMs, held: 0 });
    const again = last !== undefined && last.held > 0 ? ` (and ${last.held} times more)` : '';
    write(`${new Date(nowMs).toISOString()} ${instance} ${level} ${message}${again}`);
  };
  return { info: (message) => say('info', message), warn: (message) => say('warn', message) };
}
