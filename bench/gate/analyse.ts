/**
 * From recordings to figures, one series at a time: the noise of each measure, false alarms, power, and whether
 * p-values are uniform. Pure: the same files and seed give the same figures.
 */
import type { GateDecision, GateRules } from '../../harness/contract/gate.ts';
import type { MeasureMeta } from '../../harness/contract/verdict.ts';
import { median } from '../../harness/stats/quantile.ts';
import { uniformityTest } from '../../harness/stats/uniformity.ts';
import { CHANGES, type PlantedChange } from './changes.ts';
import type { RecordedPair, Series } from './recording.ts';
import { blockPValues, type Decided, type Gate, inRecordedOrder, overAll, resample } from './resample.ts';

export interface AnalyseOptions {
  /** Decisions where nothing was changed, and for each planted change. */
  sameDecisions: number;
  changedDecisions: number;
  seed: number;
}

export interface Uniformity {
  id: string;
  count: number;
  /** Largest distance from the uniform distribution, and its p-value (Kolmogorov and Smirnov). */
  distance: number;
  pValue: number;
}

export interface SameAnalysis {
  pairs: number;
  /** All pairs as one decision; its spread is σ_d. Null where there are fewer than two. */
  overall: GateDecision;
  /** Resampled; null where there are fewer pairs than one decision needs. */
  drawn: Decided[] | null;
  /** Disjoint stretches as recorded. */
  inOrder: Decided[];
  uniformity: Uniformity[];
}

export interface ChangeAnalysis {
  change: PlantedChange;
  pairs: number;
  overall: GateDecision;
  drawn: Decided[] | null;
}

export interface SeriesAnalysis {
  series: Series;
  measures: MeasureMeta[];
  rules: GateRules;
  secondsPerPair: number;
  /** Until the first pair could begin. */
  openSeconds: number;
  same: SameAnalysis | null;
  changes: ChangeAnalysis[];
}

/** Blocks this long give 2⁶ possible outcomes each, and four p-values from 24 pairs. */
const BLOCK_PAIRS = 6;
const MIN_BLOCKS = 4;
/** Fewer pairs than at the first look say too little of a change to draw decisions from. */
const MIN_PAIRS = 2;

export async function analyse(series: Series, gate: Gate, options: AnalyseOptions): Promise<SeriesAnalysis> {
  const of = (change: string): RecordedPair[] => series.pairs.filter((pair) => pair.change === change);
  const same = of('none');
  const changes: ChangeAnalysis[] = [];
  for (const change of CHANGES) {
    const pairs = of(change.id);
    if (change.id !== 'none' && pairs.length >= MIN_PAIRS)
      changes.push(await analyseChange(change, pairs, same, gate, options));
  }
  return {
    series,
    measures: series.sittings[0]!.measures,
    rules: gate.rules,
    secondsPerPair: median(series.pairs.map(({ seconds }) => seconds)) ?? 0,
    openSeconds: median(series.sittings.map(({ openSeconds }) => openSeconds)) ?? 0,
    same: same.length < MIN_PAIRS ? null : await analyseSame(same, gate, options),
    changes,
  };
}

async function analyseSame(pairs: RecordedPair[], gate: Gate, options: AnalyseOptions): Promise<SameAnalysis> {
  const { sameDecisions: decisions, seed } = options;
  return {
    pairs: pairs.length,
    overall: overAll(pairs, gate),
    drawn:
      pairs.length < gate.rules.lastLook
        ? null
        : await resample(pairs, pairs, gate, { decisions, seed, flip: true, replace: false }),
    inOrder: await inRecordedOrder(pairs, gate),
    uniformity: [...blockPValues(pairs, BLOCK_PAIRS, gate, seed)]
      .filter(([, values]) => values.length >= MIN_BLOCKS)
      .map(([id, values]) => ({ id, count: values.length, ...uniformityTest(values) })),
  };
}

/**
 * With replacement: 24 of 30 pairs without it would be nearly the same decision each time, and the bars would promise
 * what was never seen. The chance in the recorded pairs is drawn along each time, so a measure that the change is not
 * about is named too often; what the change is about is counted apart. A change that changes nothing has no effect to
 * keep, so its sides are exchanged like those of the base with itself.
 */
async function analyseChange(
  change: PlantedChange,
  pairs: RecordedPair[],
  same: readonly RecordedPair[],
  gate: Gate,
  { changedDecisions: decisions, seed }: AnalyseOptions,
): Promise<ChangeAnalysis> {
  const unchanged = change.goal === null;
  const fewest = unchanged ? gate.rules.lastLook : gate.rules.firstLook;
  return {
    change,
    pairs: pairs.length,
    overall: overAll(pairs, gate),
    drawn:
      pairs.length < fewest
        ? null
        : await resample(pairs, same, gate, { decisions, seed, flip: unchanged, replace: !unchanged }),
  };
}
