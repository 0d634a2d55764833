/**
 * A comparison as scenarios × contenders × measures: the value of each, its range over the repeats, and who is clearly
 * better than whom. There is no blended score, and a difference inside the noise gives no rank.
 */
import type { ComparisonInterval, ComparisonResult, RunResult } from '../../harness/contract/result.ts';
import type { MeasureMeta, PhaseBounds } from '../../harness/contract/verdict.ts';
import { unitLabel } from './format.ts';
import { COLUMNS, ONLY_IF_ANY } from './columns.ts';
import type { ColumnGroup } from './columns.ts';
import { sameButDefence } from './compared.ts';
import { hasFault, loadsPerExpiry, metaOf, TOLERATED_DEVIATION, valueOf } from './measures.ts';

/** A measure in a phase: a column of the comparison. */
export interface ComparedMeasure {
  meta: MeasureMeta;
  phase: PhaseBounds['name'];
  group: ColumnGroup;
  label: string;
  /** Stands under the label: unit or meaning. */
  sub: string;
  /** Where no head of a table explains it. */
  name: string;
}
/** One of those that are compared (a defence, a store, a combination), in one scenario, with its repeats. */
export interface Contender {
  /** What tells it from the others. */
  name: string;
  runs: RunResult[];
  /** Runs that may be judged: complete and valid. */
  usable: RunResult[];
}
export interface Scenario {
  id: string;
  title: string;
  contenders: Contender[];
  measures: ComparedMeasure[];
  /** What repeats show; empty where each was run once. */
  intervals: ComparisonInterval[];
}
/** The median over repeats with the lowest and the highest. */
export interface Spread {
  median: number;
  low: number;
  high: number;
  repeats: number;
}

/** Groups the runs of a comparison. */
export function scenariosOf(result: ComparisonResult): Scenario[] {
  const scenarios = new Map<string, Scenario>();
  for (const run of result.runs) {
    const faults = run.plan.faults.map((f) => f.fault);
    const id = [run.plan.profile.id, ...faults].join(' + ');
    let scenario = scenarios.get(id);
    if (!scenario) scenarios.set(id, (scenario = { id, title: id, contenders: [], measures: [], intervals: [] }));
    let contender = scenario.contenders.find((c) => c.name === run.plan.label);
    if (!contender) scenario.contenders.push((contender = { name: run.plan.label, runs: [], usable: [] }));
    contender.runs.push(run);
    if (!run.partial && run.validity.valid) contender.usable.push(run);
  }
  for (const scenario of scenarios.values()) {
    scenario.measures = measuresFor(scenario);
    scenario.intervals = (result.intervals ?? []).filter((one) => one.scenario === scenario.id);
  }
  return [...scenarios.values()];
}

function measuresFor(scenario: Scenario): ComparedMeasure[] {
  const runs = scenario.contenders.flatMap((c) => c.runs);
  const fault = runs.some(hasFault);
  return COLUMNS.filter((column) => {
    if (column.id === 'latency.p99' && (column.phase === 'run') === fault) return false;
    // What reaches the service is of interest where something stands in front of it.
    if (column.id.startsWith('edge.') && runs.every((run) => run.plan.edge === null)) return false;
    const values = runs.map((run) => valueOf(run, column.phase, column.id));
    return ONLY_IF_ANY.has(column.id) ? values.some((v) => v !== null && v > 0) : values.some((v) => v !== null);
  }).map((column) => {
    const { phase, group, label } = column;
    const meta = metaOf(runs[0]!, column.id);
    const name = column.name ?? (column.sub === 'per request' ? `${label} per request` : label);
    return { meta, phase, group, label, sub: column.sub ?? unitLabel(meta.unit), name };
  });
}

/** A measure in a phase. */
export type Figure = Pick<ComparedMeasure, 'meta' | 'phase'>;

/** The measure's values over the usable repeats; null where none is known. */
export function spreadOf(contender: Contender, measure: Figure): Spread | null {
  return spread(contender.usable, measure);
}

/**
 * What is shown for a contender: its usable repeats or, where it has none, what its other runs saw. The latter is
 * `doubtful`: it is shown with a question mark and takes no part in any rank.
 */
export function shownSpreadOf(contender: Contender, measure: Figure): (Spread & { doubtful: boolean }) | null {
  const doubtful = contender.usable.length === 0;
  const found = spread(doubtful ? contender.runs : contender.usable, measure);
  return found && { ...found, doubtful };
}

function spread(runs: readonly RunResult[], measure: Figure): Spread | null {
  const { median, sorted } = medianOf(runs.flatMap((run) => valueOf(run, measure.phase, measure.meta.id) ?? []));
  return median === null ? null : { median, low: sorted[0]!, high: sorted.at(-1)!, repeats: sorted.length };
}

function medianOf(values: readonly number[]): { median: number | null; sorted: number[] } {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length === 0) return { median: null, sorted };
  const median = sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, sorted };
}

/** Differences smaller than this mean nothing to a person, whatever their ratio. */
const FLOOR: Record<MeasureMeta['unit'], number> = {
  ms: 1,
  s: 0.5,
  '%': 0.5,
  '/s': 5,
  ratio: 0.02,
  count: 1,
  bytes: 65_536,
  loads: 0.5,
  queries: 1,
};
/** A request moves some hundred bytes, a store holds millions. */
const FLOOR_OF: Readonly<Record<string, number>> = { 'redis.bytesPerRequest': 16 };

/**
 * Whether `a` is better than `b` beyond the noise. With repeats: every value of one lies beyond every value of the
 * other, and the medians differ by more than 2 % (counts) or 5 % (times). With one repeat the noise is not known, so
 * that only a difference of 15 % (counts) or half as much again (times) is called one.
 */
export function clearlyBetter(a: Spread | null, b: Spread | null, meta: MeasureMeta): boolean {
  if (!a || !b || meta.better === 'neither') return false;
  const [low, high] = meta.better === 'lower' ? [a, b] : [b, a];
  if (high.median - low.median < (FLOOR_OF[meta.id] ?? FLOOR[meta.unit])) return false;
  const single = a.repeats < 2 || b.repeats < 2;
  const factor = meta.evidence === 'count' ? (single ? 1.15 : 1.02) : single ? 1.5 : 1.05;
  return high.median > low.median * factor && (single || high.low > low.high);
}

/** Rank by one measure: 1 + how many are clearly better. Null where the value is unknown. */
export function rankOf(contender: Contender, scenario: Scenario, measure: ComparedMeasure): number | null {
  const own = spreadOf(contender, measure);
  if (!own) return null;
  return 1 + scenario.contenders.filter((other) => clearlyBetter(spreadOf(other, measure), own, measure.meta)).length;
}

/** A contender that is nowhere clearly worse and somewhere clearly better than this one; null for none. */
export function dominatorOf(contender: Contender, scenario: Scenario): { name: string; worseOn: number } | null {
  for (const other of scenario.contenders) {
    if (other === contender) continue;
    let better = 0;
    const nowhereWorse = scenario.measures.every((measure) => {
      const [mine, theirs] = [spreadOf(contender, measure), spreadOf(other, measure)];
      if (clearlyBetter(theirs, mine, measure.meta)) better++;
      // What is unknown of the other may hide a weakness.
      return !clearlyBetter(mine, theirs, measure.meta) && !(theirs === null && mine !== null);
    });
    if (nowhereWorse && better > 0) return { name: other.name, worseOn: better };
  }
  return null;
}

/**
 * What stands for no defence beside this contender: the empty stack where it was run, else no cache at all, with
 * everything else as it is here. Null where neither was, as in a comparison of anything but defences.
 */
export function baselineOf(contender: Contender, scenario: Scenario): Contender | null {
  const own = contender.runs[0]?.plan;
  if (!own || scenario.contenders.every((c) => c.runs[0]?.plan.defence === own.defence)) return null;
  const beside = (defence: string): Contender | undefined =>
    scenario.contenders.find((c) => {
      const plan = c.runs[0]?.plan;
      return plan?.defence === defence && sameButDefence(plan, own);
    });
  return beside('cache-aside') ?? beside('no-cache') ?? null;
}

/** Memory in Redis as a multiple of what it is without a defence; null where either is not known, or it is itself that. */
export function memoryRatio(contender: Contender, scenario: Scenario, measure: ComparedMeasure): number | null {
  const baseline = baselineOf(contender, scenario);
  if (baseline === null || baseline === contender) return null;
  const [own, theirs] = [spreadOf(contender, measure), spreadOf(baseline, measure)];
  return own === null || theirs === null || theirs.median === 0 ? null : own.median / theirs.median;
}

/**
 * What was predicted of a contender's loads per expiry, and how far the median over its usable repeats is from that,
 * as a share of the prediction. Null where it is not known; runs that may not be judged miss nothing.
 */
export function predictionOf(contender: Contender): {
  predicted: number | null;
  deviation: number | null;
  misses: boolean;
} {
  const runs = contender.usable.length > 0 ? contender.usable : contender.runs;
  const { median } = medianOf(runs.flatMap((run) => loadsPerExpiry(run).predicted ?? []));
  const measured = medianOf(contender.usable.flatMap((run) => loadsPerExpiry(run).measured ?? [])).median;
  const deviation = measured === null || median === null || median === 0 ? null : measured / median - 1;
  return { predicted: median, deviation, misses: deviation !== null && Math.abs(deviation) > TOLERATED_DEVIATION };
}

/** Smallest number of usable repeats over all contenders. */
export function repeatsOf(scenarios: readonly Scenario[]): number {
  return Math.min(...scenarios.flatMap((s) => s.contenders.map((c) => c.usable.length)), Infinity);
}
