/** Answers made from what is in hand, in one place, so that every layer names outcomes and ages alike. */
import type { Answer, CacheOutcome } from '../../harness/contract/defence.ts';
import type { Entry } from '../../harness/contract/store.ts';

/** True while the entry is within its logical TTL. */
export function isWithinTtl(entry: Entry<unknown>, nowMs: number): boolean {
  return nowMs < entry.expiresAtMs;
}

/**
 * Serves an entry; a marker of a row that does not exist is `absent`, whatever the outcome given.
 *
 * @param outcome by default `hit` within the TTL and `stale` after it
 * @param waitedMs how long the reader waited for somebody else's load
 */
export function answerFrom<T>(entry: Entry<T>, nowMs: number, outcome?: CacheOutcome, waitedMs = 0): Answer<T> {
  const ageMs = Math.max(0, nowMs - entry.storedAtMs);
  if (entry.absent) return { ...emptyAnswer<T>('absent', waitedMs), ageMs };
  return {
    value: entry.value,
    outcome: outcome ?? (isWithinTtl(entry, nowMs) ? 'hit' : 'stale'),
    version: entry.version,
    ageMs,
    waitedMs,
  };
}

/** An answer without a value: the row does not exist (`absent`), or nobody may load now (`shed`). */
export function emptyAnswer<T>(outcome: 'absent' | 'shed', waitedMs = 0): Answer<T> {
  return { value: null, outcome, version: 0, ageMs: 0, waitedMs };
}
