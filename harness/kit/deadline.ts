/** A limit on how long something is waited for, on the clock that is given. */
import type { Clock } from '../contract/time.ts';

/**
 * Resolves or rejects as `work` does, or rejects with `late()` after `ms`. The work itself goes on; what it rejects
 * with later is passed over.
 */
export async function within<T>(clock: Clock, ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  const done = new AbortController();
  const expired = clock.sleep(ms, done.signal).then(
    () => {
      throw late();
    },
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work, expired]);
  } finally {
    done.abort();
  }
}
