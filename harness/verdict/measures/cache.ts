/** How often the cache answered, as the target tells it in `Cache-Status`; unknown where it does not tell. */
import type { CacheOutcome } from '../../contract/defence.ts';
import { defineMeasure, type Evidence, type PhaseBounds } from '../../contract/verdict.ts';
import { mergeEncoded } from '../../kit/histogram.ts';
import { countRequests, percent } from '../sources.ts';

/** Requests with one of these cache outcomes as a share of all that say whether the cache had the value. */
function share(evidence: Evidence, phase: PhaseBounds, part: readonly CacheOutcome[]): number | null {
  // 'absent' is left out of both: there is no value that a cache could have had.
  return percent(
    countRequests(evidence, phase, (_, cache) => cache !== null && part.includes(cache)),
    countRequests(evidence, phase, (_, cache) => cache !== null && cache !== 'absent'),
  );
}

/** Answers that stood behind a load. `absent` is not among them: whether a load was made for it, it does not say. */
const BLOCKED: ReadonlySet<CacheOutcome> = new Set(['miss', 'early', 'waited', 'bypass']);

/**
 * Callers blocked by a load × time, in seconds. Whoever loads is blocked like whoever waits: otherwise a stampede, in
 * which all load and none waits, would cost nothing. From the actual send, so that a late generator is no cost of the
 * defence; the way there and back is in it.
 */
function blockedSeconds(evidence: Evidence, phase: PhaseBounds): number | null {
  if (countRequests(evidence, phase, (_, cache) => cache !== null) === 0) return null;
  const records = evidence.load.histograms.filter(
    ({ clock, cacheOutcome, phase: own }) =>
      clock === 'service' &&
      cacheOutcome !== null &&
      BLOCKED.has(cacheOutcome) &&
      (phase.name === 'run' || own === phase.name),
  );
  if (records.length === 0) return 0;
  const merged = mergeEncoded(records.map((record) => record.hdr));
  return (merged.mean * merged.totalCount) / 1e6;
}

export default [
  defineMeasure({
    id: 'cache.hitRatio',
    // A reader that recomputes early, waits for somebody's load or misses has paid for it: none of these is a hit.
    title: 'Hit ratio: answered at once from the cache, stale values included',
    unit: '%',
    better: 'higher',
    evidence: 'count',
    aliases: ['hitRatio'],
    of: (evidence, phase) => share(evidence, phase, ['hit', 'stale']),
  }),
  defineMeasure({
    id: 'cache.staleShare',
    title: 'Answers served after their TTL',
    unit: '%',
    better: 'lower',
    evidence: 'count',
    aliases: ['stale', 'staleShare'],
    of: (evidence, phase) => share(evidence, phase, ['stale']),
  }),
  defineMeasure({
    id: 'cache.waitedShare',
    // Whether a reader waits or loads himself, he is blocked: neither is better as such.
    title: "Answers that waited for somebody else's load",
    unit: '%',
    better: 'neither',
    evidence: 'count',
    aliases: ['waitedShare'],
    of: (evidence, phase) => share(evidence, phase, ['waited']),
  }),
  defineMeasure({
    id: 'cache.waiterCost',
    title: "Readers blocked by a load, their own or another's, × time",
    unit: 's',
    better: 'lower',
    evidence: 'time',
    aliases: ['waiterCost'],
    of: blockedSeconds,
  }),
];
