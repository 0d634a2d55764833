/**
 * What the repeats of a comparison show beyond chance, as a small table: who is held against whom, and for each measure
 * by how much they differ, with the interval, or that the difference is within noise. The same in every output.
 */
import type { ComparisonInterval } from '../../harness/contract/result.ts';
import type { MeasureMeta } from '../../harness/contract/verdict.ts';
import type { ComparedMeasure, Scenario } from './comparison.ts';
import { number, plural, withUnit } from './format.ts';
import { metaOf } from './measures.ts';

export interface IntervalTable {
  against: string;
  measures: { name: string; phase: string }[];
  rows: { name: string; cells: (IntervalCell | null)[] }[];
}
export interface IntervalCell {
  /** `20 % better`, `within noise`, `too few repeats`. */
  text: string;
  /** The interval, or how many repeats it takes; empty where neither is known. */
  range: string;
  outcome: ComparisonInterval['outcome'];
}

/** The table of a scenario; null where each was run once. */
export function intervalTable({ intervals, contenders, measures }: Scenario): IntervalTable | null {
  const run = contenders[0]?.runs[0];
  if (intervals.length === 0 || !run) return null;
  const columns = [...new Map(intervals.map((one) => [`${one.measure} ${one.phase}`, one])).values()];
  return {
    against: intervals[0]!.against,
    measures: columns.map(({ measure, phase }) => ({
      name: measures.find((m) => m.meta.id === measure)?.name ?? metaOf(run, measure).title,
      phase: phase === 'run' ? '' : phase,
    })),
    rows: contenders
      .filter(({ name }) => intervals.some(({ contender }) => contender === name))
      .map(({ name }) => ({
        name,
        cells: columns.map((column) => {
          const found = intervals.find(
            (one) => one.contender === name && one.measure === column.measure && one.phase === column.phase,
          );
          return found ? cellOf(found, metaOf(run, found.measure)) : null;
        }),
      })),
  };
}

/** How far the table goes, in one or two sentences. */
export function intervalSentence({ intervals }: Scenario): string {
  const repeats = Math.max(...intervals.map(({ pairs }) => pairs));
  const needed = Math.max(0, ...intervals.map(({ pairsNeeded }) => pairsNeeded ?? 0));
  const few =
    needed === 0
      ? ''
      : ` With ${plural(repeats, 'repeat')} no difference, however large, can be told from chance: ${number(needed)} would be needed.`;
  return `Each is held against ${intervals[0]!.against}, paired by repeat: the Hodges-Lehmann estimate with its 95\u00a0% interval. A difference is called one where the exact test shows it, at 5\u00a0% over all of them together (Holm).${few}`;
}

/** Whether a contender's figure is not to be told from that of the one it is held against. */
export function isWithinNoise({ intervals }: Scenario, contender: string, measure: ComparedMeasure): boolean {
  return intervals.some(
    (one) =>
      one.contender === contender &&
      one.measure === measure.meta.id &&
      one.phase === measure.phase &&
      one.outcome === 'within-noise' &&
      one.effect !== 0,
  );
}

function cellOf(one: ComparisonInterval, meta: MeasureMeta): IntervalCell {
  const size = (value: number): string => {
    if (one.scale === 'ratio') return `${number(100 * Math.abs(value))}\u00a0%`;
    return withUnit(Math.abs(value), meta.unit).replace(/%$/, 'points');
  };
  const direction = (value: number): string => (value === 0 ? '' : value > 0 ? ' worse' : ' better');
  const { low, high, outcome } = one;
  const within = low === null || high === null ? '' : rangeText(low, high, size, direction);
  const seen = `${size(one.effect ?? 0)}${direction(one.effect ?? 0)}`;
  if (outcome === 'too-few')
    return { text: 'too few repeats', range: `${number(one.pairsNeeded)} needed; ${seen} seen`, outcome };
  if (outcome === 'within-noise' && low === 0 && high === 0) return { text: 'no difference', range: '', outcome };
  if (outcome === 'within-noise') return { text: 'within noise', range: within, outcome };
  const range = within.replace(/ (better|worse)$/, '');
  return { text: seen, range, outcome };
}

/** `14.5 to 25 % better`; `3 % better to 4 % worse`. */
function rangeText(low: number, high: number, size: (v: number) => string, direction: (v: number) => string): string {
  if (low * high <= 0) return `${size(low)}${direction(low)} to ${size(high)}${direction(high)}`;
  const [near, far] = low > 0 ? [size(low), size(high)] : [size(high), size(low)];
  const unit = /\u00a0\S+$/.exec(far)?.[0] ?? '';
  return `${unit !== '' && near.endsWith(unit) ? near.slice(0, -unit.length) : near} to ${far}${direction(low)}`;
}
