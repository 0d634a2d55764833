/** Telling the cache after a write: the write has happened, so a cache that cannot be told must not fail it. */
import { messageOf } from '../../harness/contract/errors.ts';
import type { Log } from '../../harness/contract/time.ts';

/** True where the cache was told; false, with a line in the log, where it could not be. */
export async function tellCache(log: Log, key: string, work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    log.warn(`the cache was not told of the write of ${key}: ${messageOf(error)}`);
    return false;
  }
}

/** The parts of a service that has nothing queued and nothing running. */
export const nothingQueued = {
  pending: (): Promise<number> => Promise.resolve(0),
  close: (): Promise<void> => Promise.resolve(),
};
