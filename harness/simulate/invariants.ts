/**
 * What must hold in every history of reads, whatever was delayed and whoever died. Some of it every reader owes; the
 * rest only where a defence promises it, so each history is judged against the promises of its stack.
 */
import type { History } from './history.ts';
import { judgeCoherence } from './invariants-coherence.ts';
import { judgeCoordination } from './invariants-coordination.ts';
import { judgeOutages } from './invariants-outage.ts';

export interface Promises {
  /**
   * When a read that begins after an acknowledged invalidation gets the new value: `always`; `unless an older load was
   * in flight`, which is what plain cache-aside gives; or only `in the end`.
   */
  afterInvalidation: 'always' | 'unless an older load was in flight' | 'in the end';
  /** Whether what the store holds may be replaced by an older version. */
  cachedVersion: 'never goes back' | 'may go back';
  /** How many queries of one key may run at once, invalidations apart. */
  queriesAtOnce: 'one in the cluster' | 'one in each process' | 'any number';
  /** How long a dead process may still hold the right to load, ms; 0 where there is no such right. */
  holdMs: number;
  /** Mean pause between two looks of a waiting reader, ms. */
  pollMs: number;
  /** After waiting this long for others a reader gives up or loads itself, ms. */
  maxWaitMs: number;
  /** How long a load may wait for its turn inside the process, ms. */
  queueMs: number;
  /** How long after its TTL a value may be served, ms. */
  keepMs: number;
  /** Store operations that one read may need, one after the other, apart from polling. */
  operationsPerRead: number;
  /** How long after the cache is back readers may still pass it by, ms. */
  recoverMs: number;
}

export interface Violation {
  invariant: string;
  /** What was seen, in words. */
  message: string;
  atMs: number;
}

/** All violations in order of time. */
export function findViolations(history: History, promises: Promises): Violation[] {
  return [
    ...judgeValues(history),
    ...judgeAges(history, promises),
    ...judgeCoherence(history, promises),
    ...judgeCoordination(history, promises),
    ...judgeOutages(history, promises),
  ].toSorted((a, b) => a.atMs - b.atMs);
}

/** Every value names its key and is a version that was committed when it was served. */
function judgeValues({ reads, commits }: History): Violation[] {
  const violations: Violation[] = [];
  const committedAtMs = new Map(commits.map(({ key, version, atMs }) => [`${key} ${version}`, atMs]));
  for (const { key, process, endedAtMs, answer, error } of reads) {
    const wrong = (invariant: string, message: string): void =>
      void violations.push({ invariant, message: `${process} read ${key}: ${message}`, atMs: endedAtMs });
    if (error) wrong('a read is answered while store and database work', `rejected with ${error.message}`);
    if (!answer || answer.value === null) {
      if (answer?.outcome === 'absent') wrong('a row that exists is found', 'answered that there is none');
      continue;
    }
    const { value, version } = answer;
    if (value.key !== key) wrong('a value names its key', `got the value of ${value.key}`);
    if (value.version !== version) wrong('a value has its version', `version ${value.version} told as ${version}`);
    const atMs = version === 1 ? 0 : committedAtMs.get(`${key} ${version}`);
    if (atMs === undefined || atMs > endedAtMs)
      wrong(
        'only committed versions are served',
        `version ${version} at ${endedAtMs} ms, committed at ${atMs ?? 'no time'}`,
      );
  }
  return violations;
}

/**
 * Nothing is served after TTL and keep. The store counts from when the entry came, and a read may hold what it found
 * for as long as it lasts.
 */
function judgeAges({ reads, fills, longestDelayMs }: History, { keepMs }: Promises): Violation[] {
  const longestTtlMs = fills.reduce((longest, { ttlMs }) => Math.max(longest, ttlMs), 0);
  return reads.flatMap(({ key, process, startedAtMs, endedAtMs, answer }) => {
    const mostMs = longestTtlMs + keepMs + longestDelayMs + (endedAtMs - startedAtMs);
    if (!answer || answer.value === null || answer.ageMs <= mostMs) return [];
    const message = `${process} read ${key}: ${answer.ageMs.toFixed(1)} ms old, at most ${mostMs.toFixed(1)} ms`;
    return [{ invariant: 'nothing is served after TTL and keep', message, atMs: endedAtMs }];
  });
}
