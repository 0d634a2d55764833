/**
 * How far readers were behind the writers, from what they were given held against what was committed when; for the
 * whole run, since a stale value outlives the phase in which it came about.
 */
import { defineMeasure, type Evidence, type Measure } from '../../contract/verdict.ts';
import { percent } from '../sources.ts';
import { type Staleness, stalenessOf, type WriteFigures, writeFiguresOf } from './staleness-figures.ts';

const known = new WeakMap<Evidence, Staleness | null>();

function figuresOf(evidence: Evidence): Staleness | null {
  const before = known.get(evidence);
  if (before !== undefined) return before;
  const { coherence, load, measuredFromMs } = evidence;
  const figures =
    coherence && load.versionReads
      ? stalenessOf({ reads: load.versionReads, writes: writesOf(evidence), coherence, measuredFromMs })
      : null;
  known.set(evidence, figures);
  return figures;
}

function writesOf(evidence: Evidence): Evidence['load']['writes'] {
  return evidence.load.writes.filter(({ operation }) => operation === 'write-item');
}

/** What became of the writes; null where the history was not read. */
export function writesReconciled(evidence: Evidence): WriteFigures | null {
  return evidence.coherence ? writeFiguresOf(writesOf(evidence), evidence.coherence) : null;
}

function stale(init: Omit<Measure, 'of' | 'better'>, pick: (figures: Staleness) => number | null): Measure {
  return defineMeasure({
    ...init,
    better: 'lower',
    of(evidence, phase) {
      const figures = phase.name === 'run' ? figuresOf(evidence) : null;
      return figures === null ? null : pick(figures);
    },
  });
}

const count = { unit: 'count', evidence: 'count' } as const;
const time = { unit: 'ms', evidence: 'time' } as const;

export default [
  stale(
    {
      id: 'stale.share',
      title: 'Reads of a version that was superseded when they were sent',
      unit: '%',
      evidence: 'count',
    },
    (f) => percent(f.stale, f.reads),
  ),
  // Nothing stale is an age of nothing, not an unknown one.
  stale({ id: 'stale.ageP50', title: 'Age of stale answers, median', ...time }, (f) => f.ageP50Ms ?? 0),
  stale(
    { id: 'stale.ageP99', title: 'Age of stale answers, p99', ...time, aliases: ['staleAgeP99'] },
    (f) => f.ageP99Ms ?? 0,
  ),
  stale(
    { id: 'stale.ageMax', title: 'Age of the oldest stale answer', ...time, aliases: ['staleAgeMax'] },
    (f) => f.ageMaxMs ?? 0,
  ),
  stale(
    { id: 'stale.overwrites', title: 'Reads that were given less than others before them', ...count },
    (f) => f.wentBack,
  ),
  stale(
    { id: 'stale.readYourWrites', title: "Reads that missed their own user's last write", ...count },
    (f) => f.readYourWrites,
  ),
  stale({ id: 'stale.atEnd', title: 'Written keys still stale when all was quiet', ...count }, (f) => f.atEnd),
  defineMeasure({
    id: 'writes.lost',
    title: 'Acknowledged writes that the database lacks',
    ...count,
    better: 'lower',
    of(evidence, phase) {
      const figures = phase.name === 'run' ? writesReconciled(evidence) : null;
      return figures === null ? null : figures.lost.length + figures.overwritten.length;
    },
  }),
  defineMeasure({
    id: 'writes.lagP99',
    title: 'From the commit until the cache was told, p99',
    ...time,
    better: 'lower',
    of: ({ coherence }, phase) => (phase.name === 'run' ? (coherence?.lagP99Ms ?? null) : null),
  }),
  defineMeasure({
    id: 'stale.clockUncertainty',
    title: 'Uncertainty of ages, from comparing clocks with the database',
    ...time,
    better: 'neither',
    of: ({ coherence }, phase) => (phase.name === 'run' ? (coherence?.clockUncertaintyMs ?? null) : null),
  }),
];
