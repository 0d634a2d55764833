/** How often the cache answered, as the target tells it in `Cache-Status`; unknown where it does not tell. */
import type { CacheOutcome } from '../../contract/defence.ts';
import { defineMeasure, type Evidence, type PhaseBounds } from '../../contract/verdict.ts';
import { countRequests, percent } from '../sources.ts';

/** Requests with one of these cache outcomes as a share of all that say whether the cache had the value. */
function share(evidence: Evidence, phase: PhaseBounds, part: readonly CacheOutcome[]): number | null {
  // 'absent' is left out of both: there is no value that a cache could have had.
  return percent(
    countRequests(evidence, phase, (_, cache) => cache !== null && part.includes(cache)),
    countRequests(evidence, phase, (_, cache) => cache !== null && cache !== 'absent'),
  );
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
];
