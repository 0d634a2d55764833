/**
 * Several runs of the same seeded traffic, side by side: who was best at what, and what else differed between them.
 * No blended score: what one defence saves the database it may cost in latency, and that choice is the reader's.
 */
import type { ComparisonResult, RunResult } from '../contract/result.ts';
import type { MeasureMeta, VerdictStatus } from '../contract/verdict.ts';
import { median } from '../stats/quantile.ts';
import { describeDifferences } from './differences.ts';
import { counted, formatValue, listed } from './wording.ts';

/** What contenders are ranked by, in the order of the sentence; those that were not observed fall out. */
const RANKED: readonly { measure: string; phases: readonly string[]; best: string }[] = [
  { measure: 'stock.oversold', phases: ['run'], best: 'fewest units oversold' },
  { measure: 'db.loadsPerExpiry', phases: ['run'], best: 'fewest loads per expiry' },
  { measure: 'db.peakRate', phases: ['during', 'run'], best: 'lowest peak database rate' },
  { measure: 'latency.p99', phases: ['during', 'run'], best: 'lowest p99' },
  { measure: 'errors.rate', phases: ['during', 'run'], best: 'fewest errors' },
  { measure: 'recovery.time', phases: ['run'], best: 'quickest recovery' },
];

/** Closer than this, one run of each cannot tell two contenders apart. Counts vary less than times. */
const TIE_RATIO = { count: 1.02, time: 1.1 } as const;

/**
 * Judges runs side by side. The worst verdict of any run is the verdict of the comparison. Invalid and interrupted
 * runs are named and not ranked; repeats of one contender are ranked by their median.
 *
 * @param runs at least one
 */
export function judgeComparison(runs: readonly RunResult[]): Pick<ComparisonResult, 'verdict' | 'differences'> {
  const label = labeller(runs);
  const sound = runs.filter((run) => run.validity.valid && !run.partial);
  const profiles = [...new Set(sound.map((run) => run.plan.profile.id))];
  const sentences = profiles.map((profile) => {
    const own = sound.filter((run) => run.plan.profile.id === profile);
    const words = rankingOf(contendersOf(own, label));
    return profiles.length > 1 ? `${profile}: ${words}` : words;
  });
  const left = runs.filter((run) => !sound.includes(run));
  const status = worstOf(runs.map((run) => run.verdict.status));
  const failed = runs.filter((run) => run.verdict.status === 'fail');
  const main = sentences.length > 0 ? sentences.join('. ') : 'no run was valid, so nothing can be compared';
  const lead = failed.length > 0 ? `${listed([...new Set(failed.map(label))])} failed. ` : '';
  const explanation = [
    ...runs.filter((run) => run.verdict.status !== 'pass').map((run) => `${label(run)}: ${run.verdict.sentence}.`),
    ...(left.length > 0 && sound.length > 0
      ? [`Not ranked, since invalid or interrupted: ${listed([...new Set(left.map(label))])}.`]
      : []),
    repeatsSentence(sound, label),
  ].filter((text) => text !== '');
  return {
    verdict: { status, sentence: `${lead}${main}`, explanation: explanation.join(' ') },
    differences: describeDifferences(runs, label),
  };
}

function worstOf(statuses: readonly VerdictStatus[]): VerdictStatus {
  return statuses.includes('fail')
    ? 'fail'
    : statuses.includes('unknown') || statuses.length === 0
      ? 'unknown'
      : 'pass';
}

/** Names a run by what tells it from the others: its label, its stock strategy, its faults. */
function labeller(runs: readonly RunResult[]): (run: RunResult) => string {
  const stockOf = (run: RunResult): string => run.plan.stock?.id ?? 'no stock strategy';
  const faultsOf = (run: RunResult): string =>
    [...new Set(run.plan.faults.map((fault) => fault.fault))].join('+') || 'no fault';
  // What comes with the profile tells nobody apart: only what differs within one does.
  const byProfile = [...Map.groupBy(runs, (run) => run.plan.profile.id).values()];
  const varies = (of: (run: RunResult) => string): boolean => byProfile.some((own) => new Set(own.map(of)).size > 1);
  const parts: ((run: RunResult) => string)[] = [];
  if (varies((run) => run.plan.label)) parts.push((run) => run.plan.label);
  else if (varies(stockOf)) parts.push(stockOf);
  if (varies(faultsOf)) parts.push(faultsOf);
  if (parts.length === 0) parts.push((run) => (run.plan.stock ? run.plan.stock.id : run.plan.label));
  return (run) => parts.map((part) => part(run)).join(' / ');
}

interface Contender {
  name: string;
  runs: RunResult[];
}

function contendersOf(runs: readonly RunResult[], label: (run: RunResult) => string): Contender[] {
  const byName = Map.groupBy(runs, label);
  return [...byName].map(([name, own]) => ({ name, runs: own }));
}

function rankingOf(contenders: readonly Contender[]): string {
  if (contenders.length < 2) return `only ${contenders[0]?.name ?? 'nothing'} was run, so there is nothing to rank`;
  const clauses: { names: string; what: string }[] = [];
  for (const { measure, phases, best } of RANKED) {
    const phase = phases.find((name) => contenders.some((one) => valueOf(one, name, measure) !== null));
    if (phase === undefined) continue;
    const known = contenders.flatMap((one) => {
      const value = valueOf(one, phase, measure);
      return value === null ? [] : [{ name: one.name, value }];
    });
    const meta = contenders[0]!.runs[0]!.measureDefinitions.find(({ id }) => id === measure);
    if (known.length < 2 || meta === undefined) continue;
    const winners = winnersOf(known, meta);
    // Where all are alike there is no best.
    if (winners.length === known.length) continue;
    const value = formatValue(Number(winners[0]!.value.toPrecision(2)), meta.unit).replace(/ loads?$/, '');
    const when = phase === 'during' ? ' during the fault' : '';
    clauses.push({ names: listed(winners.map(({ name }) => name)), what: `the ${best}${when} (${value})` });
  }
  if (clauses.length === 0) return `${listed(contenders.map(({ name }) => name))} cannot be told apart`;
  const byWinner = Map.groupBy(clauses, ({ names }) => names);
  return [...byWinner]
    .map(
      ([names, own]) => `${names} ${names.includes(' and ') ? 'have' : 'has'} ${listed(own.map(({ what }) => what))}`,
    )
    .join('; ');
}

function winnersOf(known: readonly { name: string; value: number }[], meta: MeasureMeta): typeof known {
  const sign = meta.better === 'higher' ? -1 : 1;
  const sorted = known.toSorted((a, b) => sign * (a.value - b.value));
  const top = sorted[0]!.value;
  const ratio = TIE_RATIO[meta.evidence];
  return sorted.filter(({ value }) =>
    meta.better === 'higher' ? value >= top / ratio : value <= top * ratio || value === top,
  );
}

/** The median over repeats; null where any repeat does not know, so that luck is not ranked. */
function valueOf(contender: Contender, phase: string, measure: string): number | null {
  const values = contender.runs.map((run) => run.measures[phase]?.[measure] ?? null);
  const known = values.filter((value) => value !== null);
  return known.length === values.length ? median(known) : null;
}

function repeatsSentence(runs: readonly RunResult[], label: (run: RunResult) => string): string {
  if (runs.length < 2) return '';
  const repeats = [...Map.groupBy(runs, (run) => `${run.plan.profile.id} ${label(run)}`).values()].map(
    (own) => own.length,
  );
  const fewest = Math.min(...repeats);
  if (fewest > 1) return `Medians of at least ${counted(fewest, 'run')} each.`;
  return (
    'One run of each: counts can be trusted, latencies within a tenth of each other are called equal, and even larger ' +
    'differences of latency may be chance.'
  );
}
