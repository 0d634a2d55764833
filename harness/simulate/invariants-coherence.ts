/** After an acknowledged invalidation the old value is not served, and what is cached does not go back. */
import type { History } from './history.ts';
import type { Promises, Violation } from './invariants.ts';
import { disturbed, outlivedAfterMs } from './invariants-outage.ts';

export function judgeCoherence(history: History, promises: Promises): Violation[] {
  return [...judgeInvalidations(history, promises), ...judgeFills(history, promises)];
}

/**
 * True where a query that outlived the right to load may have filled: a lock shorter than the load promises nothing.
 */
function rightRanOut({ queries, longestDelayMs }: History, key: string, { holdMs }: Promises): boolean {
  return (
    holdMs > 0 &&
    queries.some((query) => query.key === key && query.endedAtMs - query.askedAtMs + 2 * longestDelayMs >= holdMs)
  );
}

function judgeInvalidations(history: History, promises: Promises): Violation[] {
  const { afterInvalidation } = promises;
  if (afterInvalidation === 'in the end') return [];
  const settleMs = outlivedAfterMs(history, promises);
  const violations: Violation[] = [];
  for (const { key, process, startedAtMs, endedAtMs, answer } of history.reads) {
    if (!answer || answer.value === null) continue;
    const { version } = answer;
    const missed = history.writes.filter(
      (write) => write.key === key && write.version > version && write.acknowledgedAtMs <= startedAtMs,
    );
    if (missed.length === 0 || rightRanOut(history, key, promises)) continue;
    if (disturbed(history, startedAtMs, endedAtMs, settleMs)) continue;
    // The old value can have come back after each of the deletes only from a query that saw it and ended late enough.
    const excused =
      afterInvalidation !== 'always' &&
      missed.every(({ startedAtMs: writtenAtMs }) =>
        history.queries.some(
          (query) =>
            query.key === key &&
            query.endedAtMs + history.longestDelayMs >= writtenAtMs &&
            versionSeen(history, key, query.seenAtMs) === version,
        ),
      );
    if (excused) continue;
    const last = missed.at(-1)!;
    violations.push({
      invariant: 'after an acknowledged invalidation the old value is not served',
      message:
        `${process} read ${key} from ${startedAtMs.toFixed(2)} ms and got version ${version} (${answer.outcome}), but ` +
        `version ${last.version} was invalidated by ${last.process} at ${last.acknowledgedAtMs.toFixed(2)} ms`,
      atMs: endedAtMs,
    });
  }
  return violations;
}

function versionSeen({ commits }: History, key: string, atMs: number): number {
  let version = 1;
  for (const commit of commits) if (commit.key === key && commit.atMs <= atMs) version = commit.version;
  return version;
}

function judgeFills(history: History, promises: Promises): Violation[] {
  if (promises.cachedVersion === 'may go back') return [];
  const newest = new Map<string, number>();
  const settleMs = outlivedAfterMs(history, promises);
  const violations: Violation[] = [];
  for (const { key, version, atMs } of history.fills) {
    const before = newest.get(key) ?? 0;
    newest.set(key, Math.max(before, version));
    if (version >= before || rightRanOut(history, key, promises) || disturbed(history, atMs, atMs, settleMs)) continue;
    violations.push({
      invariant: 'what is cached does not go back to an older version',
      message: `${key} was filled with version ${version} at ${atMs.toFixed(2)} ms, after version ${before}`,
      atMs,
    });
  }
  return violations;
}
