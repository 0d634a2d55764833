/** A time bound on any work, so that a loader that never answers cannot hold its callers, or a key, for ever. */
import { HarnessError } from '../../harness/contract/errors.ts';
import type { Clock } from '../../harness/contract/time.ts';

/** One reason for all, because making an error for every load costs more than the timer does. */
const SETTLED = new Error('settled in time');

/**
 * Runs `work` for at most `ms`. At the deadline its signal aborts and the promise rejects, whether or not the work
 * listens to the signal.
 *
 * @param what names the work in the error
 * @throws HarnessError `DEADLINE`
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timer = new AbortController();
  const controller = new AbortController();
  const expired = clock.sleep(ms, timer.signal).then((): never => {
    const error = new HarnessError('DEADLINE', `${what} took longer than ${ms} ms`);
    controller.abort(error);
    throw error;
  });
  try {
    return await Promise.race([work(controller.signal), expired]);
  } finally {
    timer.abort(SETTLED);
  }
}
