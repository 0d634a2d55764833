/**
 * A comparison as scenarios × defences × measures: the value of each, its range over the repeats, and who is clearly
 * better than whom. There is no blended score, and a difference inside the noise gives no rank.
 */
import type { ComparisonResult, RunResult } from '../../harness/contract/result.ts';
import type { MeasureMeta, PhaseBounds } from '../../harness/contract/verdict.ts';
import { unitLabel } from './format.ts';
import { hasFault, metaOf, valueOf } from './measures.ts';
import { SALE_MEASURES } from './sale.ts';
import { WORKLOAD_MEASURES } from './workload.ts';
import { WRITE_MEASURES } from './writes.ts';

/** A measure in a phase: a column of the comparison. */
export interface ComparedMeasure {
  meta: MeasureMeta;
  phase: PhaseBounds['name'];
  label: string;
  /** Stands under the label: unit or meaning. */
  sub: string;
}
/** One defence in one scenario, with its repeats. */
export interface Contender {
  defence: string;
  runs: RunResult[];
  /** Runs that may be judged: complete and valid. */
  usable: RunResult[];
}
export interface Scenario {
  id: string;
  title: string;
  contenders: Contender[];
  measures: ComparedMeasure[];
}
/** The median over repeats with the lowest and the highest. */
export interface Spread {
  median: number;
  low: number;
  high: number;
  repeats: number;
}

const COLUMNS: readonly { id: string; phase: 'run' | 'before' | 'during'; label: string; sub?: string }[] = [
  { id: 'db.loadsPerExpiry', phase: 'run', label: 'Loads per expiry', sub: 'measured' },
  { id: 'db.peakRate', phase: 'run', label: 'Peak database', sub: 'queries/s' },
  { id: 'db.queriesPerRequest', phase: 'run', label: 'Queries', sub: 'per request' },
  { id: 'latency.p99', phase: 'before', label: 'p99 before' },
  { id: 'latency.p99', phase: 'during', label: 'p99 during' },
  { id: 'latency.p99', phase: 'run', label: 'p99' },
  { id: 'errors.rate', phase: 'run', label: 'Errors' },
  { id: 'shed.rate', phase: 'run', label: 'Shed' },
  { id: 'cache.staleShare', phase: 'run', label: 'Stale reads' },
  { id: 'recovery.time', phase: 'run', label: 'Recovery' },
  { id: 'redis.opsPerRequest', phase: 'run', label: 'Redis operations', sub: 'per request' },
  ...[...WORKLOAD_MEASURES, ...WRITE_MEASURES, ...SALE_MEASURES].map(([id, label]) => ({
    id,
    phase: 'run' as const,
    label,
  })),
];
/** Shown only where some run has more than nothing of it. */
const ONLY_IF_ANY = new Set(['shed.rate', 'cache.staleShare']);

/** Groups the runs of a comparison. */
export function scenariosOf(result: ComparisonResult): Scenario[] {
  const scenarios = new Map<string, Scenario>();
  for (const run of result.runs) {
    const faults = run.plan.faults.map((f) => f.fault);
    const id = [run.plan.profile.id, ...faults].join(' + ');
    let scenario = scenarios.get(id);
    if (!scenario) scenarios.set(id, (scenario = { id, title: id, contenders: [], measures: [] }));
    let contender = scenario.contenders.find((c) => c.defence === run.plan.label);
    if (!contender) scenario.contenders.push((contender = { defence: run.plan.label, runs: [], usable: [] }));
    contender.runs.push(run);
    if (!run.partial && run.validity.valid) contender.usable.push(run);
  }
  for (const scenario of scenarios.values()) scenario.measures = measuresFor(scenario);
  return [...scenarios.values()];
}

function measuresFor(scenario: Scenario): ComparedMeasure[] {
  const runs = scenario.contenders.flatMap((c) => c.runs);
  const fault = runs.some(hasFault);
  return COLUMNS.filter((column) => {
    if (column.id === 'latency.p99' && (column.phase === 'run') === fault) return false;
    const values = runs.map((run) => valueOf(run, column.phase, column.id));
    return ONLY_IF_ANY.has(column.id) ? values.some((v) => v !== null && v > 0) : values.some((v) => v !== null);
  }).map((column) => {
    const meta = metaOf(runs[0]!, column.id);
    return { meta, phase: column.phase, label: column.label, sub: column.sub ?? unitLabel(meta.unit) };
  });
}

/** The measure's values over the usable repeats; null where none is known. */
export function spreadOf(contender: Contender, measure: ComparedMeasure): Spread | null {
  return spread(contender.usable, measure);
}

/**
 * What is shown for a contender: its usable repeats or, where it has none, what its other runs saw. The latter is
 * `doubtful`: it is shown with a question mark and takes no part in any rank.
 */
export function shownSpreadOf(contender: Contender, measure: ComparedMeasure): (Spread & { doubtful: boolean }) | null {
  const doubtful = contender.usable.length === 0;
  const found = spread(doubtful ? contender.runs : contender.usable, measure);
  return found && { ...found, doubtful };
}

function spread(runs: readonly RunResult[], measure: ComparedMeasure): Spread | null {
  const values = runs
    .map((run) => valueOf(run, measure.phase, measure.meta.id))
    .filter((v): v is number => v !== null)
    .sort((a, b) => a - b);
  if (values.length === 0) return null;
  const middle = values.length / 2;
  const median = values.length % 2 === 1 ? values[Math.floor(middle)]! : (values[middle - 1]! + values[middle]!) / 2;
  return { median, low: values[0]!, high: values.at(-1)!, repeats: values.length };
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

/**
 * Whether `a` is better than `b` beyond the noise. With repeats: every value of one lies beyond every value of the
 * other, and the medians differ by more than 2 % (counts) or 5 % (times). With one repeat the noise is not known, so
 * that only a difference of 15 % (counts) or half as much again (times) is called one.
 */
export function clearlyBetter(a: Spread | null, b: Spread | null, meta: MeasureMeta): boolean {
  if (!a || !b || meta.better === 'neither') return false;
  const [low, high] = meta.better === 'lower' ? [a, b] : [b, a];
  if (high.median - low.median < FLOOR[meta.unit]) return false;
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

/** A defence that is nowhere clearly worse and somewhere clearly better than this one; null for none. */
export function dominatorOf(contender: Contender, scenario: Scenario): { defence: string; worseOn: number } | null {
  for (const other of scenario.contenders) {
    if (other === contender) continue;
    let better = 0;
    const nowhereWorse = scenario.measures.every((measure) => {
      const [mine, theirs] = [spreadOf(contender, measure), spreadOf(other, measure)];
      if (clearlyBetter(theirs, mine, measure.meta)) better++;
      // What is unknown of the other may hide a weakness.
      return !clearlyBetter(mine, theirs, measure.meta) && !(theirs === null && mine !== null);
    });
    if (nowhereWorse && better > 0) return { defence: other.defence, worseOn: better };
  }
  return null;
}

/** What stands for no defence: the empty stack where it was run, else no cache at all; null where neither was. */
export function baselineOf(scenario: Scenario): Contender | null {
  return (
    scenario.contenders.find((c) => c.defence === 'cache-aside') ??
    scenario.contenders.find((c) => c.defence === 'no-cache') ??
    null
  );
}

/** Smallest number of usable repeats over all contenders. */
export function repeatsOf(scenarios: readonly Scenario[]): number {
  return Math.min(...scenarios.flatMap((s) => s.contenders.map((c) => c.usable.length)), Infinity);
}
