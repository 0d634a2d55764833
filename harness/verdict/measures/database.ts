/** What the database had to carry: queries as the database counts them, loads as the service reports each of them. */
import { defineMeasure, type Evidence, type PhaseBounds } from '../../contract/verdict.ts';
import { busiestWindow } from '../../stats/windows.ts';
import { expiriesIn } from '../expiries.ts';
import { countRequests, growthOf, loadsWithin, maxOf, reportsLoads, secondsOf } from '../sources.ts';

/** A stampede is over in a tenth of a second; a rate by the second would hide it. */
const PEAK_WINDOW_MS = 100;

function queries(evidence: Evidence, phase: PhaseBounds): number | null {
  return growthOf(evidence, phase, 'db.queriesPerSec', 'db.totalQueries');
}

/**
 * The most loads under way at the same moment of a phase: with a key, of any one key. A load counts from when the
 * database was wanted until its answer was there, the wait for a connection included.
 */
function mostAtOnce(evidence: Evidence, phase: PhaseBounds, perKey: boolean): number | null {
  if (!reportsLoads(evidence)) return null;
  const fromMs = evidence.measuredFromMs + phase.fromMs;
  const toMs = evidence.measuredFromMs + phase.toMs;
  const within = evidence.loads.filter((load) => load.startedAtMs < toMs && load.endedAtMs > fromMs);
  const groups = perKey ? Map.groupBy(within, (load) => load.key).values() : [within];
  let most = 0;
  for (const loads of groups) {
    const starts = loads.map((load) => load.startedAtMs).sort((a, b) => a - b);
    const ends = loads.map((load) => load.endedAtMs).sort((a, b) => a - b);
    let ended = 0;
    starts.forEach((start, i) => {
      // One that ends as another starts is not under way with it.
      while (ended < ends.length && ends[ended]! <= start) ended++;
      most = Math.max(most, i + 1 - ended);
    });
  }
  return most;
}

export default [
  defineMeasure({
    id: 'db.queries',
    title: 'Database queries',
    unit: 'queries',
    better: 'lower',
    evidence: 'count',
    aliases: ['queries'],
    of: (evidence, phase) => {
      const count = queries(evidence, phase);
      return count === null ? null : Math.round(count);
    },
  }),
  defineMeasure({
    id: 'db.queriesPerRequest',
    title: 'Database queries per request',
    unit: 'ratio',
    better: 'lower',
    evidence: 'count',
    aliases: ['queriesPerRequest'],
    of(evidence, phase) {
      const count = queries(evidence, phase);
      const requests = countRequests(evidence, phase);
      return count === null || requests === 0 ? null : count / requests;
    },
  }),
  defineMeasure({
    id: 'db.loads',
    title: 'Values loaded from the database',
    unit: 'loads',
    better: 'lower',
    evidence: 'count',
    aliases: ['loads'],
    of: (evidence, phase) => (reportsLoads(evidence) ? loadsWithin(evidence, phase).length : null),
  }),
  defineMeasure({
    id: 'db.loadsPerExpiry',
    title: 'Database loads per expiry of the hot key',
    unit: 'loads',
    better: 'lower',
    evidence: 'count',
    aliases: ['loadsPerExpiry', 'amplification'],
    of: (evidence, phase) => expiriesIn(evidence, phase)?.loadsPerExpiry ?? null,
  }),
  defineMeasure({
    id: 'db.loadsPerExpiryPredicted',
    title: 'Database loads per expiry of the hot key, as the defence predicts',
    unit: 'loads',
    better: 'neither',
    evidence: 'count',
    of: (evidence, phase) => (phase.name === 'during' ? null : (evidence.plan.prediction?.loadsPerExpiry ?? null)),
  }),
  defineMeasure({
    id: 'db.peakRate',
    // From load events the highest rate in any 100 ms; from a target without them the highest sample of the probe.
    title: 'Peak database rate in any 100 ms',
    unit: '/s',
    better: 'lower',
    evidence: 'count',
    aliases: ['peakRate'],
    of(evidence, phase) {
      if (!reportsLoads(evidence)) return maxOf(evidence, phase, 'db.queriesPerSec');
      const starts = loadsWithin(evidence, phase).map((load) => load.startedAtMs);
      starts.sort((a, b) => a - b);
      return busiestWindow(starts, PEAK_WINDOW_MS) * (1000 / PEAK_WINDOW_MS);
    },
  }),
  defineMeasure({
    id: 'db.peakActive',
    title: 'Most queries active at once in the database',
    unit: 'count',
    better: 'lower',
    evidence: 'time',
    aliases: ['peakActive'],
    of: (evidence, phase) => maxOf(evidence, phase, 'db.active'),
  }),
  defineMeasure({
    id: 'db.peakConcurrent',
    title: 'Most loads under way at once',
    unit: 'count',
    better: 'lower',
    evidence: 'count',
    aliases: ['peakConcurrent'],
    of: (evidence, phase) => mostAtOnce(evidence, phase, false),
  }),
  defineMeasure({
    id: 'db.peakConcurrentPerKey',
    title: 'Most loads of one key under way at once',
    unit: 'count',
    better: 'lower',
    evidence: 'count',
    aliases: ['peakConcurrentPerKey'],
    of: (evidence, phase) => mostAtOnce(evidence, phase, true),
  }),
  defineMeasure({
    id: 'db.wastedLoads',
    // A load that failed has no value that could have been stored: it is an error and not waste.
    title: 'Loads whose value was not stored',
    unit: 'loads',
    better: 'lower',
    evidence: 'count',
    aliases: ['wastedLoads'],
    of: (evidence, phase) =>
      reportsLoads(evidence) ? loadsWithin(evidence, phase).filter((load) => load.ok && !load.filled).length : null,
  }),
  defineMeasure({
    id: 'db.timeShare',
    title: 'Time spent in database queries; 100 % keeps one connection busy',
    unit: '%',
    better: 'lower',
    evidence: 'time',
    aliases: ['timeShare'],
    of(evidence, phase) {
      const execMs = growthOf(evidence, phase, 'db.execMsPerSec', 'db.totalExecMs');
      return execMs === null ? null : (100 * execMs) / (1000 * secondsOf(phase));
    },
  }),
];
