/** Refreshes of keys with a bound on how many run at once; a key that is asked for while it runs is done once more after. */
import { messageOf } from '../../harness/contract/errors.ts';
import type { Log } from '../../harness/contract/time.ts';

export interface RefreshQueue {
  /** Never rejects; a refresh that fails is logged. Resolves when the key was refreshed by a load that began after this. */
  push(key: string): Promise<void>;
  /** Drops what waits, and resolves when what runs has ended. */
  close(): Promise<void>;
}

/**
 * @param options.who names the defence in the log
 * @param options.refresh loads and fills a key
 */
export function createRefreshQueue(options: {
  who: string;
  maxConcurrent: number;
  refresh(key: string): Promise<void>;
  log: Log;
}): RefreshQueue {
  const { who, maxConcurrent, refresh, log } = options;
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  const running = new Map<string, Promise<void>>();

  async function run(key: string): Promise<void> {
    try {
      await refresh(key);
    } catch (error) {
      log.warn(`${who}: refresh of ${key} failed: ${messageOf(error)}`);
    }
  }

  function fill(): void {
    for (const [key, done] of waiting) {
      if (running.size >= maxConcurrent) return;
      if (running.has(key)) continue;
      waiting.delete(key);
      const work = run(key).then(() => {
        running.delete(key);
        done.resolve();
        fill();
      });
      running.set(key, work);
    }
  }

  return {
    push(key) {
      let done = waiting.get(key);
      if (!done) waiting.set(key, (done = Promise.withResolvers<void>()));
      fill();
      return done.promise;
    },
    async close() {
      for (const done of waiting.values()) done.resolve();
      waiting.clear();
      await Promise.all(running.values());
    },
  };
}
