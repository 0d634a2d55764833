/** A limit on how long the harness waits for anything it does to the outside, on the clock that it is given. */
import { HarnessError } from '../../contract/errors.ts';
import type { Clock } from '../../contract/time.ts';
import { within as race } from '../../kit/deadline.ts';

/**
 * Resolves as `work` does, or rejects with `DEADLINE` after `ms`.
 *
 * @param what names the work in the message
 */
export function within<T>(clock: Clock, ms: number, what: string, work: Promise<T>): Promise<T> {
  return race(clock, ms, work, () => new HarnessError('DEADLINE', `${what} took longer than ${ms} ms`));
}
