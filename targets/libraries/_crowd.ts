/** Readers that come together, and what became of each: answered, answered with nothing, failed, or still waiting. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LibraryCache } from '../../harness/contract/library.ts';

export interface CrowdResult {
  callers: number;
  answered: number;
  /** Answered without a value although the row exists, for example shed. */
  empty: number;
  failed: number;
  waiting: number;
  /** The slowest of those that are no longer waiting; null where all are. */
  slowestMs: number | null;
}

export interface Crowd {
  /** One more reader; never throws. */
  join(key: string): void;
  /** Resolves when nobody waits, or after `ms`. */
  settledWithin(ms: number): Promise<void>;
  result(): CrowdResult;
}

export function createCrowd(cache: LibraryCache): Crowd {
  const counts = { callers: 0, answered: 0, empty: 0, failed: 0 };
  let slowestMs: number | null = null;
  const pending = new Set<Promise<void>>();

  async function one(key: string): Promise<void> {
    const fromMs = performance.now();
    try {
      counts[(await cache.read(key)) === undefined ? 'empty' : 'answered']++;
    } catch {
      counts.failed++;
    }
    slowestMs = Math.max(slowestMs ?? 0, performance.now() - fromMs);
  }

  return {
    join(key) {
      counts.callers++;
      const work = one(key).then(() => void pending.delete(work));
      pending.add(work);
    },
    async settledWithin(ms) {
      const done = new AbortController();
      const late = delay(ms, undefined, { signal: done.signal }).catch(() => {});
      await Promise.race([late, Promise.all(pending)]);
      done.abort();
    },
    result: () => ({
      ...counts,
      waiting: pending.size,
      slowestMs: slowestMs === null ? null : Math.round(slowestMs),
    }),
  };
}

/** `callers` readers of one key at the same moment, watched for at most `ms`. */
export async function crowdAtOnce(cache: LibraryCache, key: string, callers: number, ms: number): Promise<CrowdResult> {
  const crowd = createCrowd(cache);
  for (let i = 0; i < callers; i++) crowd.join(key);
  await crowd.settledWithin(ms);
  return crowd.result();
}

/** Reads once, for at most `ms`. */
export async function readWithin(
  cache: LibraryCache,
  key: string,
  ms: number,
): Promise<{ version: number | null; tookMs: number | null }> {
  const fromMs = performance.now();
  const done = new AbortController();
  const late = delay(ms, null, { signal: done.signal }).catch(() => null);
  const read = (async () => cache.read(key))().then(
    (value) => ({ version: value?.version ?? null, tookMs: Math.round(performance.now() - fromMs) }),
    () => ({ version: null, tookMs: Math.round(performance.now() - fromMs) }),
  );
  const first = await Promise.race([read, late]);
  done.abort();
  return first ?? { version: null, tookMs: null };
}
