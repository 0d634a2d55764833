/** No reader waits for ever, a dead holder blocks no longer than its right lasts, and no more load than may. */
import type { QueryTimes } from './database.ts';
import type { History } from './history.ts';
import type { Promises, Violation } from './invariants.ts';
import { disturbed, longestQueryMs } from './invariants-outage.ts';

export function judgeCoordination(history: History, promises: Promises): Violation[] {
  return [...judgeDurations(history, promises), ...judgeQueries(history, promises)];
}

/**
 * A read may need its own operations and one load; where it waits for others, also one load for each time that the
 * others lost theirs: to an invalidation, or to a death, after which the right to load must first run out.
 */
function judgeDurations(history: History, promises: Promises): Violation[] {
  const { holdMs, pollMs, maxWaitMs, queueMs, operationsPerRead, queriesAtOnce } = promises;
  const violations: Violation[] = history.unfinished.map(({ key, process, startedAtMs }) => ({
    invariant: 'no reader waits for ever',
    message: `${process} read ${key} from ${startedAtMs.toFixed(2)} ms on and still waits at the end`,
    atMs: startedAtMs,
  }));
  for (const process of history.unclosed)
    violations.push({ invariant: 'who closes ends', message: `${process} never closed`, atMs: Infinity });
  const roundTripMs = 2 * history.longestDelayMs;
  const oneMs = operationsPerRead * roundTripMs + queueMs + longestQueryMs(history);
  for (const { key, process, startedAtMs, endedAtMs, answer } of history.reads) {
    const within = (atMs: number): boolean => atMs >= startedAtMs - holdMs - roundTripMs && atMs <= endedAtMs;
    const deaths = history.crashes.filter(({ atMs }) => within(atMs)).length;
    const deletes = history.deletes.filter((one) => one.key === key && within(one.atMs)).length;
    let mostMs = oneMs;
    if (queriesAtOnce !== 'any number') mostMs += (1 + deletes + deaths) * (oneMs + 1.5 * pollMs);
    // Each death may have left one right behind, and each lasts its own time at most.
    mostMs += deaths * holdMs;
    // Whoever gave up has waited its own time, whatever the others did, and may then still lead.
    mostMs = Math.min(mostMs, maxWaitMs + 2 * oneMs + 1.5 * pollMs);
    // What was sent into an outage comes to nothing, and a right to load may be left behind by it.
    if (disturbed(history, startedAtMs, endedAtMs, holdMs))
      for (const { fromMs, untilMs } of history.outages)
        mostMs += 2 * (untilMs - fromMs) + holdMs + 2 * operationsPerRead * history.timeoutMs + 2 * oneMs;
    const tookMs = endedAtMs - startedAtMs;
    if (tookMs <= mostMs + 1e-6) continue;
    violations.push({
      invariant: 'a read ends in its time, and a dead holder blocks no longer than its right lasts',
      message:
        `${process} read ${key} in ${tookMs.toFixed(1)} ms (${answer?.outcome ?? 'error'}), at most ${mostMs.toFixed(1)} ms ` +
        `with ${deaths} deaths and ${deletes} invalidations near it`,
      atMs: endedAtMs,
    });
  }
  return violations;
}

function judgeQueries(history: History, promises: Promises): Violation[] {
  const { queriesAtOnce, holdMs } = promises;
  if (queriesAtOnce === 'any number') return [];
  const slackMs = 2 * history.longestDelayMs;
  const queries = history.queries.toSorted((a, b) => a.askedAtMs - b.askedAtMs);
  const violations: Violation[] = [];
  const mayOverlap = (first: QueryTimes, second: QueryTimes): boolean => {
    if (first.key !== second.key || first.endedAtMs <= second.askedAtMs) return true;
    if (queriesAtOnce === 'one in each process' && first.process !== second.process) return true;
    if (disturbed(history, first.askedAtMs, second.askedAtMs, holdMs)) return true;
    if (queriesAtOnce === 'one in the cluster' && second.askedAtMs - first.askedAtMs >= holdMs - slackMs) return true;
    // An invalidation makes everybody forget the first one; the order was given up to a message's time before.
    return history.deletes.some(
      ({ key, atMs }) =>
        key === first.key && atMs >= first.askedAtMs - slackMs && atMs <= second.askedAtMs + history.longestDelayMs,
    );
  };
  queries.forEach((second, i) => {
    for (let j = i - 1; j >= 0; j--) {
      const first = queries[j]!;
      if (mayOverlap(first, second)) continue;
      violations.push({
        invariant: `queries of one key at once: ${queriesAtOnce}`,
        message:
          `${second.process} asked for ${second.key} at ${second.askedAtMs.toFixed(2)} ms, while ${first.process} did ` +
          `from ${first.askedAtMs.toFixed(2)} to ${first.endedAtMs.toFixed(2)} ms`,
        atMs: second.askedAtMs,
      });
    }
  });
  return violations;
}
