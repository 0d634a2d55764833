/** The cache is away, or a process does not reach it: reads go on, and afterwards everything is as before in bounded time. */
import type { History } from './history.ts';
import type { Promises, Violation } from './invariants.ts';

/**
 * True where an outage, or what it has left behind, lies in this time: what is promised of a cache does not hold then.
 *
 * @param settleMs how long after an outage it is still felt
 */
export function disturbed(history: History, fromMs: number, toMs: number, settleMs: number): boolean {
  const { outages, longestDelayMs, timeoutMs } = history;
  return outages.some(
    (outage) =>
      outage.fromMs - 2 * longestDelayMs <= toMs &&
      outage.untilMs + settleMs + timeoutMs + 2 * longestDelayMs >= fromMs,
  );
}

export function longestQueryMs({ queries }: History): number {
  return queries.reduce((most, query) => Math.max(most, query.endedAtMs - query.askedAtMs), 0);
}

/** How long what was filled without any right to it may still be found. */
export function outlivedAfterMs(history: History, { keepMs }: Promises): number {
  return keepMs + longestQueryMs(history) + history.fills.reduce((most, { ttlMs }) => Math.max(most, ttlMs), 0);
}

export function judgeOutages(history: History, promises: Promises): Violation[] {
  return [...judgeRecovery(history, promises), ...judgeStaleness(history, promises)];
}

/** Once the cache is reached again it is used again. */
function judgeRecovery(history: History, { recoverMs }: Promises): Violation[] {
  const settleMs = recoverMs + longestQueryMs(history);
  return history.reads.flatMap(({ key, process, startedAtMs, endedAtMs, answer }) => {
    if (answer?.outcome !== 'bypass' || disturbed(history, startedAtMs, endedAtMs, settleMs)) return [];
    const message = `${process} read ${key} from ${startedAtMs.toFixed(2)} ms past the cache`;
    return [{ invariant: 'after an outage the cache is used again', message, atMs: endedAtMs }];
  });
}

/** However an invalidation was lost: what was overtaken is gone when its TTL and what may follow it are over. */
function judgeStaleness(history: History, promises: Promises): Violation[] {
  const { commits, longestDelayMs, timeoutMs, outages } = history;
  const mostMs =
    outlivedAfterMs(history, promises) +
    promises.queueMs +
    6 * longestDelayMs +
    (outages.length > 0 ? 2 * timeoutMs : 0);
  const overtakenAtMs = new Map(commits.map(({ key, version, atMs }) => [`${key} ${version - 1}`, atMs]));
  return history.reads.flatMap(({ key, process, startedAtMs, endedAtMs, answer }) => {
    if (!answer || answer.value === null) return [];
    const behindMs = startedAtMs - (overtakenAtMs.get(`${key} ${answer.version}`) ?? Infinity);
    if (behindMs <= mostMs) return [];
    const message = `${process} read version ${answer.version} of ${key} ${behindMs.toFixed(1)} ms after the next one, at most ${mostMs.toFixed(1)} ms`;
    return [{ invariant: 'nobody is behind by more than TTL and keep', message, atMs: endedAtMs }];
  });
}
