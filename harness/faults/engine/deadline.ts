/** A limit on how long the harness waits for anything it does to the outside, on the clock that it is given. */
import { HarnessError } from '../../contract/errors.ts';
import type { Clock } from '../../contract/time.ts';

/**
 * Resolves as `work` does, or rejects with `DEADLINE` after `ms`. The work itself goes on; what it rejects with later
 * is passed over.
 *
 * @param what names the work in the message
 */
export async function within<T>(clock: Clock, ms: number, what: string, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = clock.sleep(ms, done.signal).then(
    () => {
      throw new HarnessError('DEADLINE', `${what} took longer than ${ms} ms`);
    },
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
