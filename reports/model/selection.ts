/**
 * Which contenders are drawn where not all can be: a dozen lines over each other, or two dozen panels under each
 * other, show nobody anything. Chosen are those most unlike each other; tables have them all.
 */
import { baselineOf, shownSpreadOf } from './comparison.ts';
import type { Contender, Scenario } from './comparison.ts';

/** What makes pictures look different, all of it on a scale of ratios. */
const FEATURES = ['db.peakRate', 'db.loadsPerExpiry', 'db.queriesPerRequest', 'latency.p99', 'errors.rate'];

/**
 * At most `most` contenders in their own order, no defence among them where it was run. One after the other the one
 * is taken that is farthest from all that were taken before it.
 */
export function mostDifferent(scenario: Scenario, most: number): Contender[] {
  const { contenders } = scenario;
  if (contenders.length <= most) return contenders;
  const places = placesOf(scenario);
  const distance = (a: Contender, b: Contender): number => {
    const [one, two] = [places.get(a)!, places.get(b)!];
    return Math.hypot(...one.map((value, i) => value - two[i]!));
  };
  const taken = [contenders.find((c) => baselineOf(c, scenario) === c) ?? contenders[0]!];
  const nearest = (c: Contender): number => Math.min(...taken.map((other) => distance(c, other)));
  while (taken.length < most) {
    const left = contenders.filter((c) => !taken.includes(c));
    taken.push(left.reduce((best, c) => (nearest(c) > nearest(best) ? c : best)));
  }
  return contenders.filter((c) => taken.includes(c));
}

/** Where each stands between the least and the most of each feature, from 0 to 1; unknown values stand at the least. */
function placesOf(scenario: Scenario): Map<Contender, number[]> {
  const measures = scenario.measures.filter((m) => FEATURES.includes(m.meta.id));
  const values = scenario.contenders.map((c) => measures.map((m) => Math.log1p(shownSpreadOf(c, m)?.median ?? 0)));
  const ranges = measures.map((_, i) => {
    const column = values.map((row) => row[i]!);
    return { least: Math.min(...column), width: Math.max(...column) - Math.min(...column) || 1 };
  });
  return new Map(
    scenario.contenders.map((c, k) => [c, values[k]!.map((value, i) => (value - ranges[i]!.least) / ranges[i]!.width)]),
  );
}

/** `8 of 24 defences are drawn, …`; empty where all are. */
export function drawnSentence(drawn: number, scenario: Scenario, many: string): string {
  const all = scenario.contenders.length;
  return drawn >= all
    ? ''
    : `${drawn} of ${all} ${many} are drawn, those most unlike each other; the tables above have all of them.`;
}
