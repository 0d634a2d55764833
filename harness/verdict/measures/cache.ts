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

/**
 * Seconds that readers spent in answers that waited for somebody else's load, all readers together. From the actual
 * send, so that a late generator is no cost of the defence; the way there and back is in it.
 */
function waiterSeconds(evidence: Evidence, phase: PhaseBounds): number | null {
  if (countRequests(evidence, phase, (_, cache) => cache !== null) === 0) return null;
  const records = evidence.load.histograms.filter(
    (record) =>
      record.clock === 'service' &&
      record.cacheOutcome === 'waited' &&
      (phase.name === 'run' || record.phase === phase.name),
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
    title: "Answers that waited for somebody else's load",
    unit: '%',
    better: 'lower',
    evidence: 'count',
    aliases: ['waitedShare'],
    of: (evidence, phase) => share(evidence, phase, ['waited']),
  }),
  defineMeasure({
    id: 'cache.waiterCost',
    title: "Time in answers that waited for somebody else's load, of all readers together",
    unit: 's',
    better: 'lower',
    evidence: 'time',
    aliases: ['waiterCost'],
    of: waiterSeconds,
  }),
];
