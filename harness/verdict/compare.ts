/**
 * Several runs of the same seeded traffic, side by side: who was best at what, and what else differed between them.
 * No blended score: what one defence saves the database it may cost in latency, and that choice is the reader's.
 */
import type { ComparisonResult, RunResult } from '../contract/result.ts';
import type { MeasureMeta, VerdictStatus } from '../contract/verdict.ts';
import { median } from '../stats/quantile.ts';
import { fewestRepeats, intervalsOf, type Paired, pairedDifference } from './compare-intervals.ts';
import { COMPARE_ALPHA, isSound, known as valueIn, phaseOf, RANKED, type Ranked } from './compare-ranked.ts';
import { intervalSentences } from './compare-words.ts';
import { describeDifferences } from './differences.ts';
import { counted, formatValue, listed } from './wording.ts';

/** Closer than this, one run of each cannot tell two contenders apart. Counts vary less than times. */
const TIE_RATIO = { count: 1.02, time: 1.1 } as const;

/**
 * Judges runs side by side. The worst verdict of any run is the verdict of the comparison. Invalid and interrupted
 * runs are named and not ranked; repeats of one contender are ranked by their median, and where there are enough of
 * them only what an exact test tells from chance is called a difference.
 *
 * @param runs at least one; repeats of one contender in their order
 * @param against label of the contender that the others are held against; the first where not given
 */
export function judgeComparison(
  runs: readonly RunResult[],
  against?: string,
): Pick<ComparisonResult, 'verdict' | 'differences' | 'intervals'> {
  const label = labeller(runs);
  const sound = runs.filter(isSound);
  const byProfile = Map.groupBy(runs, (run) => run.plan.profile.id);
  const profiles = [...byProfile].filter(([, own]) => own.some(isSound));
  const sentences = profiles.map(([profile, own]) => {
    const words = rankingOf(contendersOf(own, label));
    return profiles.length > 1 ? `${profile}: ${words}` : words;
  });
  const status = worstOf(runs.map((run) => run.verdict.status));
  const failed = runs.filter((run) => run.verdict.status === 'fail');
  const main = sentences.length > 0 ? sentences.join('. ') : 'no run was valid, so nothing can be compared';
  const lead = failed.length > 0 ? `${listed([...new Set(failed.map(label))])} failed. ` : '';
  const intervals = intervalsOf(runs, against);
  const explanation = [
    ...runs.filter((run) => run.verdict.status !== 'pass').map((run) => `${label(run)}: ${run.verdict.sentence}.`),
    ...(sound.length > 0 ? leftOut(contendersOf(runs, label)) : []),
    repeatsSentence(profiles.map(([, own]) => contendersOf(own, label))),
    ...intervalSentences(intervals, runs),
  ].filter((text) => text !== '');
  return {
    verdict: { status, sentence: `${lead}${main}`, explanation: explanation.join(' ') },
    differences: describeDifferences(runs, label),
    ...(intervals.length > 0 && { intervals }),
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
  /** In the order of the repeats, unsound ones too. */
  runs: RunResult[];
  sound: RunResult[];
}

function contendersOf(runs: readonly RunResult[], label: (run: RunResult) => string): Contender[] {
  return [...Map.groupBy(runs, label)].map(([name, own]) => ({ name, runs: own, sound: own.filter(isSound) }));
}

/** Who is not ranked, and whose repeats are fewer than were run. */
function leftOut(contenders: readonly Contender[]): string[] {
  const none = contenders.filter(({ sound }) => sound.length === 0).map(({ name }) => name);
  const some = contenders.filter(({ runs, sound }) => sound.length > 0 && sound.length < runs.length);
  return [
    ...(none.length > 0 ? [`Not ranked, since invalid or interrupted: ${listed(none)}.`] : []),
    ...some.map(
      ({ name, runs, sound }) => `${runs.length - sound.length} of ${runs.length} runs of ${name} not valid.`,
    ),
  ];
}

function rankingOf(all: readonly Contender[]): string {
  const contenders = all.filter(({ sound }) => sound.length > 0);
  if (all.length < 2) return `only ${all[0]!.name} was run, so there is nothing to rank`;
  if (contenders.length < 2) return `only ${contenders[0]!.name} has a valid run, so there is nothing to rank`;
  const clauses: { names: string; what: string }[] = [];
  const compared = RANKED.flatMap((ranked) => {
    const runs = contenders.flatMap(({ sound }) => sound);
    const phase = phaseOf(ranked, runs);
    const meta = runs[0]!.measureDefinitions.find(({ id }) => id === ranked.measure);
    if (phase === undefined || meta === undefined) return [];
    const known = contenders.flatMap((contender) => {
      const value = medianOf(contender, phase, ranked.measure);
      return value === null ? [] : [{ name: contender.name, value, contender }];
    });
    return known.length < 2 ? [] : [{ ranked, phase, meta, known }];
  });
  const varied = compared.filter(
    ({ ranked, phase }) =>
      new Set(contenders.flatMap(({ sound }) => sound.map((run) => valueIn(run, phase, ranked.measure)))).size > 1,
  );
  // Who is first is chosen by the data, so that every pair of contenders counts as tested.
  const tests = varied.length * pairsOf(contenders.length);
  for (const { ranked, phase, meta, known } of varied) {
    const winners = winnersOf(known, meta, (a, b) => differs(a, b, ranked, phase, meta, tests));
    // Where all are alike there is no best.
    if (winners.length === known.length) continue;
    const value = formatValue(Number(winners[0]!.value.toPrecision(2)), meta.unit).replace(/ loads?$/, '');
    const when = phase === 'during' ? ' during the fault' : '';
    clauses.push({ names: listed(winners.map(({ name }) => name)), what: `the ${ranked.best}${when} (${value})` });
  }
  if (clauses.length === 0) return `${listed(contenders.map(({ name }) => name))} cannot be told apart`;
  const byWinner = Map.groupBy(clauses, ({ names }) => names);
  return [...byWinner]
    .map(
      ([names, own]) => `${names} ${names.includes(' and ') ? 'have' : 'has'} ${listed(own.map(({ what }) => what))}`,
    )
    .join('; ');
}

function pairsOf(count: number): number {
  return (count * (count - 1)) / 2;
}

/** Whether two differ beyond chance or, of too few repeats for a test, in every repeat; null where each was run once. */
function differs(
  a: Contender,
  b: Contender,
  ranked: Ranked,
  phase: string,
  meta: MeasureMeta,
  tests: number,
): boolean | null {
  const paired: Paired | null = pairedDifference(a.runs, b.runs, ranked, phase, meta);
  if (!paired || paired.pairs < 2) return null;
  if (paired.pairs < fewestRepeats(tests)) return paired.agreed;
  return paired.pValue * tests <= COMPARE_ALPHA;
}

interface Known {
  name: string;
  value: number;
  contender: Contender;
}

/** The first, and those that cannot be told from it: too near, or not different beyond chance. */
function winnersOf(
  known: readonly Known[],
  meta: MeasureMeta,
  apart: (a: Contender, b: Contender) => boolean | null,
): Known[] {
  const sign = meta.better === 'higher' ? -1 : 1;
  const sorted = known.toSorted((a, b) => sign * (a.value - b.value));
  const top = sorted[0]!;
  const ratio = TIE_RATIO[meta.evidence];
  return sorted.filter(({ value, contender }) => {
    const near = meta.better === 'higher' ? value >= top.value / ratio : value <= top.value * ratio;
    return near || value === top.value || apart(top.contender, contender) === false;
  });
}

/** The median over repeats; null where any repeat does not know, so that luck is not ranked. */
function medianOf({ sound }: Contender, phase: string, measure: string): number | null {
  const values = sound.map((run) => valueIn(run, phase, measure));
  const known = values.filter((value) => value !== null);
  return known.length === values.length ? median(known) : null;
}

function repeatsSentence(profiles: readonly Contender[][]): string {
  const repeats = profiles.flat().flatMap(({ sound }) => (sound.length > 0 ? sound.length : []));
  if (repeats.length === 0 || (repeats.length === 1 && repeats[0] === 1)) return '';
  const fewest = Math.min(...repeats);
  if (fewest > 1) return `Medians of at least ${counted(fewest, 'run')} each.`;
  return (
    'One run of each: counts can be trusted, latencies within a tenth of each other are called equal, and even larger ' +
    'differences of latency may be chance.'
  );
}
