/** What a defence costs in the cache itself, as Redis counts it. */
import { defineMeasure, type Evidence, type PhaseBounds } from '../../contract/verdict.ts';
import { countRequests, growthOf, maxOf } from '../sources.ts';

function perRequest(evidence: Evidence, phase: PhaseBounds, line: string, total: string): number | null {
  const requests = countRequests(evidence, phase);
  const amount = growthOf(evidence, phase, line, total);
  return amount === null || requests === 0 ? null : amount / requests;
}

export default [
  defineMeasure({
    id: 'redis.opsPerRequest',
    title: 'Redis commands per request',
    unit: 'ratio',
    better: 'lower',
    evidence: 'count',
    aliases: ['opsPerRequest'],
    of: (evidence, phase) => perRequest(evidence, phase, 'redis.opsPerSec', 'redis.totalCommands'),
  }),
  defineMeasure({
    id: 'redis.bytesPerRequest',
    title: 'Bytes to and from Redis per request',
    unit: 'bytes',
    better: 'lower',
    evidence: 'count',
    aliases: ['bytesPerRequest'],
    of: (evidence, phase) => perRequest(evidence, phase, 'redis.bytesPerSec', 'redis.totalBytes'),
  }),
  defineMeasure({
    id: 'redis.memory',
    title: 'Highest memory in use by Redis',
    unit: 'bytes',
    better: 'lower',
    evidence: 'count',
    aliases: ['memory'],
    of: (evidence, phase) => maxOf(evidence, phase, 'redis.memoryBytes'),
  }),
  defineMeasure({
    id: 'redis.evictions',
    title: 'Keys evicted by Redis',
    unit: 'count',
    better: 'lower',
    evidence: 'count',
    aliases: ['evictions'],
    of(evidence, phase) {
      const count = growthOf(evidence, phase, 'redis.evictionsPerSec', 'redis.evictions');
      return count === null ? null : Math.round(count);
    },
  }),
];
