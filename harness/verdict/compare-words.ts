/** What the repeats of a comparison show, in sentences: who differs from whom by how much, and what is within noise. */
import type { ComparisonInterval, RunResult } from '../contract/result.ts';
import type { MeasureMeta } from '../contract/verdict.ts';
import { effectText, inSentence, sizeText } from './gate/words.ts';
import { counted, listed } from './wording.ts';

const MOST_TOLD = 4;

/**
 * One sentence for each contender, at most four, and one on the repeats where they are too few.
 *
 * @param runs for the titles of the measures
 */
export function intervalSentences(intervals: readonly ComparisonInterval[], runs: readonly RunResult[]): string[] {
  const metas = new Map(runs[0]?.measureDefinitions.map((meta) => [meta.id, meta]));
  const scenarios = new Set(intervals.map(({ scenario }) => scenario));
  const groups = Map.groupBy(intervals, ({ scenario, contender }) => JSON.stringify([scenario, contender]));
  const sentences = [...groups.values()].flatMap((own) => {
    const shown = own.filter(({ outcome }) => outcome === 'better' || outcome === 'worse');
    const noise = own.filter(({ outcome, low, high }) => outcome === 'within-noise' && !(low === 0 && high === 0));
    if (shown.length + noise.length === 0) return [];
    const { scenario, contender, against } = own[0]!;
    const clauses = [
      ...shown.map((one) => shownText(one, metas.get(one.measure)!)),
      ...(noise.length > 0
        ? [`${listed(noise.map(({ measure }) => inSentence(metas.get(measure)!.title)))} within noise`]
        : []),
    ];
    const where = scenarios.size > 1 ? ` on ${scenario}` : '';
    return [`${contender} against ${against}${where}: ${clauses.join('; ')}.`];
  });
  // Of more nobody reads sentences: the reports have a table.
  if (sentences.length > MOST_TOLD)
    sentences.splice(MOST_TOLD, Infinity, `${counted(sentences.length - MOST_TOLD, 'other')} in the table.`);
  const few = intervals.filter(({ outcome }) => outcome === 'too-few');
  if (few.length === 0) return sentences;
  const most = Math.max(...few.map(({ pairs }) => pairs));
  const needed = Math.max(...few.map(({ pairsNeeded }) => pairsNeeded ?? 0));
  return [
    ...sentences,
    `${counted(most, 'repeat')} can tell no difference from chance, however large: ${needed} would be needed.`,
  ];
}

function shownText(one: ComparisonInterval, meta: MeasureMeta): string {
  const scaled = { unit: meta.unit, scale: one.scale };
  const name = inSentence(meta.title);
  if (one.low === null || one.high === null) return `${name} ${effectText(one.effect!, scaled)}`;
  const [near, far] = one.effect! > 0 ? [one.low, one.high] : [one.high, one.low];
  return `${name} ${effectText(one.effect!, scaled)} (${sizeText(near, scaled).replace(/ (%|points)$/, '')} to ${sizeText(far, scaled)})`;
}
