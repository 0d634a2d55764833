/**
 * What a comparison found, in words. The first sentence is about the database, because that is what a cache protects;
 * it names a winner only where the data has one beyond the noise, and says so where it has none.
 */
import type { ComparisonResult } from '../../harness/contract/result.ts';
import { comparedOf } from './compared.ts';
import { clearlyBetter, predictionOf, rankOf, repeatsOf, shownSpreadOf, spreadOf } from './comparison.ts';
import type { ComparedMeasure, Contender, Scenario } from './comparison.ts';
import { list, number, plural, signed, withUnit } from './format.ts';
import { shownStatus, TOLERATED_DEVIATION } from './measures.ts';

/** The headline of a comparison. */
export function comparisonHeadline(scenarios: readonly Scenario[]): string {
  const judged = scenarios.filter((s) => s.contenders.some((c) => c.usable.length > 0));
  if (judged.length === 0) return 'Nothing can be concluded: no run is complete and valid';
  const found = headline(judged);
  // Where nothing was concluded, no more repeats would make it surer.
  return repeatsOf(judged) < 2 && !found.startsWith('Nothing ') ? `${found}, seen in one repeat` : found;
}

function headline(judged: Scenario[]): string {
  if (judged.length === 1) return scenarioHeadline(judged[0]!);
  // A profile in which only one is known has no winner.
  const comparable = judged.filter((s) => known(s).length > 1);
  if (comparable.length === 1) return `On ${comparable[0]!.title}: ${scenarioHeadline(comparable[0]!)}`;
  if (comparable.length === 0) return 'Nothing can be compared: of no profile two runs are valid with a known load';
  const winners = comparable.map((s) => ({ scenario: s, calm: calmest(s) }));
  const everywhere = winners[0]!.calm.filter((c) => winners.every((w) => w.calm.some((x) => x.name === c.name)));
  if (winners.every((w) => w.calm.length === w.scenario.contenders.length))
    return `No ${comparedOf(judged).one} keeps the database clearly calmer than another`;
  if (everywhere.length > 0)
    return `${some(everywhere, judged)} ${everywhere.length === 1 ? 'keeps' : 'keep'} the database calmest in ${comparable.length === 2 ? 'both' : `all ${comparable.length}`} profiles`;
  return `No ${comparedOf(judged).one} is calmest everywhere: ${list(winners.map((w) => `${some(w.calm, judged)} on ${w.scenario.title}`))}`;
}

function scenarioHeadline(scenario: Scenario): string {
  const calm = calmest(scenario);
  const names = some(calm, [scenario]);
  const { one } = comparedOf([scenario]);
  if (!calmMeasure(scenario)) return `The database was not observed, so no ${one} can be called calmer`;
  if (scenario.contenders.length === 1) return `One ${one}, nothing to compare: ${scenario.contenders[0]!.name}`;
  if (calm.length === 0) return 'Nothing can be concluded: the load on the database is unknown';
  if (known(scenario).length === 1)
    return `Nothing to compare with: only of ${names} the load on the database is known from a valid run`;
  if (calm.length === scenario.contenders.length) return `No ${one} keeps the database clearly calmer than another`;
  if (calm.length === 1) return `${names} keeps the database calmest${butFails(calm[0]!)}`;
  const cheapest = calm.filter((one) => calm.every((other) => other === one || costsLess(one, other, scenario)));
  if (cheapest.length === 1)
    return `${cheapest[0]!.name} keeps the database calm at the least cost${butFails(cheapest[0]!)}`;
  const loads = scenario.measures.find((m) => m.meta.id === 'db.loadsPerExpiry');
  const fewest = calm.filter((one) =>
    calm.every(
      (other) => other === one || (loads && clearlyBetter(spreadOf(one, loads), spreadOf(other, loads), loads.meta)),
    ),
  );
  if (loads && fewest.length === 1)
    return `${names} keep the database calm, ${fewest[0]!.name} with the fewest loads per expiry`;
  return `${names} keep the database calm alike`;
}

/** Names as long as they can be read; beyond that how many they are. */
function some(contenders: readonly Contender[], scenarios: readonly Scenario[]): string {
  if (contenders.length <= 4) return list(contenders.map((c) => c.name)) || 'none';
  const rest = contenders.length - 3;
  return `${contenders
    .slice(0, 3)
    .map((c) => c.name)
    .join(', ')} and ${number(rest)} other ${comparedOf(scenarios).many}`;
}

/** The contenders that no other beats on the database's peak. */
function calmest(scenario: Scenario): Contender[] {
  const measure = calmMeasure(scenario);
  return measure ? scenario.contenders.filter((c) => rankOf(c, scenario, measure) === 1) : [];
}

/** Those whose load on the database is known from runs that may be judged. */
function known(scenario: Scenario): Contender[] {
  const measure = calmMeasure(scenario);
  return measure ? scenario.contenders.filter((c) => spreadOf(c, measure) !== null) : [];
}

function calmMeasure(scenario: Scenario): ComparedMeasure | undefined {
  return (
    scenario.measures.find((m) => m.meta.id === 'db.peakRate') ??
    scenario.measures.find((m) => m.meta.id === 'db.loadsPerExpiry')
  );
}

/** On what readers and Redis pay: clearly better somewhere, and nowhere clearly worse. */
function costsLess(one: Contender, other: Contender, scenario: Scenario): boolean {
  const costs = scenario.measures.filter((m) => !m.meta.id.startsWith('db.'));
  const wins = (a: Contender, b: Contender): boolean =>
    costs.some((m) => clearlyBetter(spreadOf(a, m), spreadOf(b, m), m.meta));
  return wins(one, other) && !wins(other, one);
}

function butFails(contender: Contender): string {
  return contender.usable.some((run) => shownStatus(run).status === 'fail') ? ', and still fails its limits' : '';
}

/** Their story is told by loads per expiry and the peak rate already. */
const UNTOLD: ReadonlySet<string> = new Set(['db.peakConcurrent', 'db.peakConcurrentPerKey', 'db.queriesPerRequest']);

/** One sentence for each measure that tells the contenders apart; at most `most`, and `mostCosts` of costs. */
export function scenarioSentences(scenario: Scenario, most = 3, mostCosts = 2): string[] {
  const told = (group: (m: ComparedMeasure) => boolean): string[] =>
    sentencesOf(
      scenario,
      scenario.measures.filter((m) => group(m) && !UNTOLD.has(m.meta.id)),
    );
  return [...told((m) => m.group !== 'cost').slice(0, most), ...told((m) => m.group === 'cost').slice(0, mostCosts)];
}

function sentencesOf(scenario: Scenario, measures: readonly ComparedMeasure[]): string[] {
  const sentences: string[] = [];
  for (const measure of measures) {
    const values = scenario.contenders
      .map((c) => ({ name: c.name, spread: spreadOf(c, measure), rank: rankOf(c, scenario, measure) }))
      .filter((v) => v.spread !== null && v.rank !== null)
      .sort((a, b) => a.rank! - b.rank! || a.spread!.median - b.spread!.median);
    const best = values.filter((v) => v.rank === 1);
    const worst = values.at(-1);
    if (!worst || best.length === values.length || worst.rank === 1) continue;
    const show = (v: (typeof values)[number]): string => `${v.name} ${withUnit(v.spread!.median, measure.meta.unit)}`;
    const more = best.length - 3;
    const shown = more > 1 ? [...best.slice(0, 3).map(show), `${number(more)} others`] : best.map(show);
    sentences.push(`${measure.name}: ${list(shown)}; at the other end ${show(worst)}.`);
  }
  return sentences;
}

/** A contender's prediction as it stands beside its measured loads per expiry; null where nothing predicts them. */
export function predictionText(contender: Contender): { text: string; misses: boolean } | null {
  const { predicted, deviation, misses } = predictionOf(contender);
  if (predicted === null) return null;
  if (!misses || deviation === null) return { text: `predicted ${number(predicted)}`, misses };
  return { text: `predicted ${number(predicted)}: ${deviationText(deviation)}`, misses };
}

/** A missed prediction's deviation, with a mark that says the direction without colour: `▲ +30 %`. */
export function deviationText(deviation: number): string {
  return `${deviation > 0 ? '▲' : '▼'} ${signed(Math.round(deviation * 100), 'count')} %`;
}

/** Whose loads per expiry are not as predicted; null where nobody's are predicted and measured. */
export function missesSentence(scenario: Scenario): string | null {
  const foretold = scenario.contenders.filter((c) => predictionOf(c).deviation !== null);
  if (foretold.length === 0) return null;
  const missing = foretold.filter((c) => predictionOf(c).misses);
  const limit = `${number(TOLERATED_DEVIATION * 100)} %`;
  const where = `${foretold.length} of ${scenario.contenders.length}`;
  if (missing.length === 0)
    return `Measured loads per expiry are within ${limit} of the prediction wherever both are known (${where}).`;
  return `Measured loads per expiry miss the prediction by more than ${limit} (▲ more, ▼ fewer): ${some(missing, [scenario])}.`;
}

/** How far the ranking may be trusted. */
export function noiseSentence(scenarios: readonly Scenario[]): string {
  const repeats = repeatsOf(scenarios);
  if (repeats === 0) return 'Where no run is complete and valid, figures carry a question mark and are in no rank.';
  if (repeats === 1)
    return 'One repeat of each: how much chance moves these numbers is not known, so only large differences are ranked (15 % for counts, half as much again for times).';
  return `${plural(repeats, 'repeat')} of each: values are medians with their range, and a difference counts only where the ranges do not touch.`;
}

/** The smallest story of one contender, as a caption. */
export function contenderFinding(contender: Contender, scenario: Scenario): string {
  const parts = ['db.loadsPerExpiry', 'db.peakRate']
    .map((id) => scenario.measures.find((m) => m.meta.id === id))
    .flatMap((measure) => {
      const spread = measure && shownSpreadOf(contender, measure);
      if (!spread) return [];
      return measure.meta.id === 'db.peakRate'
        ? [`${withUnit(spread.median, '/s')} at the peak`]
        : [`${number(spread.median)} ${spread.median === 1 ? 'load' : 'loads'} at each expiry`];
    });
  const words = parts.join(', ') || 'nothing known of its database load';
  return contender.usable.length === 0 ? `${words}; no run of it is valid` : words;
}

/** How many runs may be judged, passed and failed. */
export function countSentence(result: ComparisonResult): string {
  const valid = result.runs.filter((r) => !r.partial && r.validity.valid).length;
  const count = (status: string): number => result.runs.filter((r) => shownStatus(r).status === status).length;
  return `${valid} of ${result.runs.length} runs valid; ${count('pass')} pass, ${count('fail')} fail, ${count('unknown')} unknown`;
}
