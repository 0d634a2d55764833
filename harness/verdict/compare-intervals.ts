/**
 * What the repeats of a comparison show beyond chance: each contender against one of them, paired by repeat, since the
 * repeats of one round met the same machine. The statistics are the gate's, two-sided, because either may be better.
 */
import type { ComparisonInterval, RunResult } from '../contract/result.ts';
import type { MeasureMeta } from '../contract/verdict.ts';
import { walshLocation } from '../stats/hodges-lehmann.ts';
import { holmAdjusted } from '../stats/holm.ts';
import type { Location } from '../stats/location.ts';
import { meanLocation, signFlipTest } from '../stats/sign-flip.ts';
import { fewestPairs, signedRankTest } from '../stats/signed-rank.ts';
import { seededRandom } from '../kit/random.ts';
import { COMPARE_ALPHA, isSound, known, phaseOf, RANKED, type Ranked } from './compare-ranked.ts';
import { effectsOf, scaleFor, told } from './gate/finding.ts';

/** What two contenders show against each other in one measure. */
export interface Paired {
  scale: ComparisonInterval['scale'];
  location: Location;
  pairs: number;
  /** Two-sided. */
  pValue: number;
  /** Every repeat says the same of who is better. */
  agreed: boolean;
  /** No repeat shows any difference: there is nothing to test. */
  same: boolean;
}

/** Of the interval that is shown; one-sided, for 95 % between both bounds. */
const SHOWN = 0.975;

/**
 * Pairs the runs of two contenders by repeat, and tests whether they differ.
 *
 * @param base its runs in the order of the repeats, as those of `candidate`; unsound runs pair with nothing
 * @returns null where no repeat has both
 */
export function pairedDifference(
  base: readonly RunResult[],
  candidate: readonly RunResult[],
  ranked: Pick<Ranked, 'measure' | 'scale'>,
  phase: string,
  meta: MeasureMeta,
): Paired | null {
  const pairs = base.flatMap((run, i) => {
    const other = candidate[i];
    if (!other || !isSound(run) || !isSound(other)) return [];
    const [b, c] = [known(run, phase, ranked.measure), known(other, phase, ranked.measure)];
    return b === null || c === null ? [] : [{ base: b, candidate: c }];
  });
  if (pairs.length === 0) return null;
  const values = pairs.flatMap((pair) => [pair.base, pair.candidate]);
  const { scale } = scaleFor({ scale: ranked.scale, tolerance: 0 }, values, 0);
  const effects = effectsOf(pairs, scale, meta);
  const random = seededRandom(0, `compare:${ranked.measure}`);
  const location = scale === 'ratio' ? walshLocation(effects) : meanLocation(effects, random);
  const { greater, less } = scale === 'ratio' ? signedRankTest(effects) : signFlipTest(effects, random);
  const pValue = Math.min(1, 2 * Math.min(greater.atLeast, less.atLeast));
  return {
    scale,
    location: location!,
    pairs: pairs.length,
    pValue,
    agreed: effects.every((d) => d > 0) || effects.every((d) => d < 0),
    same: effects.every((d) => d === 0),
  };
}

/**
 * The intervals of a comparison.
 *
 * @param against label of the contender that the others are held against; the first of each scenario where not given
 * @returns empty where each was run once
 */
export function intervalsOf(runs: readonly RunResult[], against?: string): ComparisonInterval[] {
  const found: { interval: ComparisonInterval; same: boolean }[] = [];
  for (const [scenario, own] of Map.groupBy(runs, scenarioOf)) {
    const contenders = Map.groupBy(own, (run) => run.plan.label);
    const reference = against !== undefined && contenders.has(against) ? against : own[0]!.plan.label;
    const most = Math.max(...[...contenders.values()].map((repeats) => repeats.length));
    if (most < 2) continue;
    for (const ranked of RANKED) {
      const phase = phaseOf(ranked, own.filter(isSound));
      const meta = own[0]!.measureDefinitions.find(({ id }) => id === ranked.measure);
      if (phase === undefined || meta === undefined) continue;
      for (const [contender, repeats] of contenders) {
        if (contender === reference) continue;
        const paired = pairedDifference(contenders.get(reference)!, repeats, ranked, phase, meta);
        if (paired)
          found.push({
            same: paired.same,
            interval: {
              scenario,
              contender,
              against: reference,
              measure: ranked.measure,
              phase,
              scale: paired.scale,
              effect: told(paired.location.estimate, paired.scale),
              low: told(paired.location.lower(SHOWN), paired.scale),
              high: told(paired.location.upper(SHOWN), paired.scale),
              pairs: paired.pairs,
              pValue: paired.pValue,
              adjustedP: 1,
              outcome: 'within-noise',
              pairsNeeded: null,
            },
          });
      }
    }
  }
  return adjust(found);
}

/** The fewest repeats with which one of so many two-sided tests can show anything. */
export function fewestRepeats(tests: number): number {
  return fewestPairs(COMPARE_ALPHA / (2 * tests));
}

/** What no repeat tells apart is no test, and costs the others nothing. */
function adjust(found: readonly { interval: ComparisonInterval; same: boolean }[]): ComparisonInterval[] {
  const tested = found.filter(({ same }) => !same);
  const adjusted = new Map(holmAdjusted(tested.map(({ interval }) => interval.pValue)).map((p, i) => [tested[i]!, p]));
  const fewest = fewestRepeats(Math.max(1, tested.length));
  return found.map((one) => {
    const { interval } = one;
    const adjustedP = adjusted.get(one);
    if (adjustedP === undefined) return interval;
    if (adjustedP <= COMPARE_ALPHA)
      return { ...interval, adjustedP, outcome: interval.effect! > 0 ? 'worse' : 'better' };
    if (interval.pairs < fewest) return { ...interval, adjustedP, outcome: 'too-few', pairsNeeded: fewest };
    return { ...interval, adjustedP };
  });
}

/** Profile and faults: what contenders share. */
function scenarioOf(run: RunResult): string {
  return [run.plan.profile.id, ...run.plan.faults.map(({ fault }) => fault)].join(' + ');
}
