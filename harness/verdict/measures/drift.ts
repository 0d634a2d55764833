/**
 * What grows over a long steady run: the slope of a least-squares line through the samples after the settling time,
 * as growth per hour. Only for profiles that study drift: over a few seconds a slope is noise, extrapolated.
 */
import { defineMeasure, type Evidence, type Measure, type MeasureMeta } from '../../contract/verdict.ts';
import { leastSquares } from '../../stats/least-squares.ts';
import { bucketQuantile } from '../../stats/quantile.ts';
import type { Line } from '../../stats/windows.ts';
import { lineOf } from '../sources.ts';

const HOUR_MS = 3_600_000;
const FEWEST_SAMPLES = 10;
/** Stretches of the run whose p99 the line is laid through. */
const P99_POINTS = 60;

function growthPerHour(evidence: Evidence, line: Line | null): number | null {
  const { study } = evidence.plan;
  if (study?.kind !== 'drift' || line === null) return null;
  const fromMs = study.settleShare * (evidence.measuredToMs - evidence.measuredFromMs);
  const times: number[] = [];
  const values: number[] = [];
  line.times.forEach((time, i) => {
    const value = line.values[i];
    if (time < fromMs || value === null || value === undefined) return;
    times.push(time);
    values.push(value);
  });
  if (times.length < FEWEST_SAMPLES) return null;
  const fit = leastSquares(times, values);
  return fit === null ? null : fit.slope * HOUR_MS;
}

/** p99 from the intended send over the run, a point for each stretch of slots that has enough requests for one. */
function p99Line(evidence: Evidence): Line {
  const { slotMs, offered, latencyBucketEdgesUs, latencyCounts } = evidence.load.slots;
  const perPoint = Math.max(1, Math.ceil(offered.length / P99_POINTS));
  const times: number[] = [];
  const values: (number | null)[] = [];
  for (let from = 0; from + perPoint <= offered.length; from += perPoint) {
    const counts = new Array<number>(latencyBucketEdgesUs.length - 1).fill(0);
    for (const row of latencyCounts.slice(from, from + perPoint)) row.forEach((count, i) => (counts[i]! += count));
    const p99Us = bucketQuantile(latencyBucketEdgesUs, counts, 0.99);
    times.push((from + perPoint / 2) * slotMs);
    values.push(p99Us === null ? null : p99Us / 1000);
  }
  return { times, values };
}

function drift(
  id: string,
  what: string,
  unit: MeasureMeta['unit'],
  evidence: MeasureMeta['evidence'],
  lineIn: (evidence: Evidence) => Line | null,
): Measure {
  return defineMeasure({
    id: `drift.${id}`,
    title: `${what}: growth per hour`,
    unit,
    better: 'lower',
    evidence,
    of: (seen, phase) => (phase.name === 'run' ? growthPerHour(seen, lineIn(seen)) : null),
  });
}

export default [
  drift('serviceMemory', 'Memory of the service', 'bytes', 'count', (e) => lineOf(e, 'service.rssBytes')),
  drift('redisMemory', 'Memory of Redis', 'bytes', 'count', (e) => lineOf(e, 'redis.memoryBytes')),
  drift('databaseConnections', 'Database connections', 'count', 'count', (e) => lineOf(e, 'db.connections')),
  drift('redisConnections', 'Redis connections', 'count', 'count', (e) => lineOf(e, 'redis.clients')),
  drift('p99', 'p99 latency', 'ms', 'time', p99Line),
];
