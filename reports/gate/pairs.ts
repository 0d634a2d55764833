/**
 * The trials of a gate as pairs, with the effect of each: what the pictures of a gate are drawn from. Plus is worse,
 * as in the decision. Pairs with a trial that is not valid are kept apart, because they were not judged.
 */
import { isDisturbed, TRIAL_QUANTILES } from '../../harness/contract/gate.ts';
import type { EffectScale, GateResult, Trial } from '../../harness/contract/gate.ts';
import type { MeasureMeta } from '../../harness/contract/verdict.ts';

export interface TrialPair {
  pair: number;
  purpose: Trial['purpose'];
  /** Null against a stored baseline. */
  base: Trial | null;
  candidate: Trial;
  /** True where both trials are valid, their times are worth something, and no burst of stolen CPU fell into them. */
  valid: boolean;
}

/** Noise pairs first, then in the order in which they were run. Against a baseline each trial stands alone. */
export function pairsOf(result: GateResult): TrialPair[] {
  const groups = Map.groupBy(result.trials, (trial) => `${trial.purpose} ${trial.pair}`);
  const pairs = [...groups.values()].flatMap((trials): TrialPair[] => {
    const candidate = trials.find((trial) => trial.side === 'candidate');
    const base = trials.find((trial) => trial.side === 'base') ?? null;
    if (!candidate || (base === null && result.evidence === 'side-by-side')) return [];
    const valid = [candidate, base].every(
      (one) => one === null || (isSound(one) && (base === null || !isDisturbed(one))),
    );
    return [{ pair: candidate.pair, purpose: candidate.purpose, base, candidate, valid }];
  });
  return pairs.sort((a, b) => Number(a.purpose === 'judge') - Number(b.purpose === 'judge') || a.pair - b.pair);
}

function isSound({ invalid, timesInvalid }: Trial): boolean {
  return invalid.length + timesInvalid.length === 0;
}

/**
 * The effect of one pair in a measure; null where a value is unknown, or 0 where a ratio needs more.
 *
 * @param baseline stands for the base where the pair has none
 */
export function pairEffect(
  pair: TrialPair,
  measure: MeasureMeta & { scale: EffectScale },
  baseline: number | null = null,
): number | null {
  const base = pair.base ? (pair.base.measures[measure.id] ?? null) : baseline;
  const candidate = pair.candidate.measures[measure.id] ?? null;
  if (base === null || candidate === null) return null;
  const [better, worse] = measure.better === 'higher' ? [candidate, base] : [base, candidate];
  if (measure.scale === 'difference') return worse - better;
  return better > 0 && worse > 0 ? worse / better - 1 : null;
}

export interface QuantileShift {
  quantile: number;
  /** Median over the pairs of candidate / base. */
  ratio: number;
  /** Interval of that median, at least 95 %, from the order of the values; the whole range where pairs are few. */
  low: number;
  high: number;
  pairs: number;
  baseMs: number;
  candidateMs: number;
}

/** How candidate and base differ along the percentiles; empty where there are no judged pairs with latencies. */
export function quantileShifts(pairs: readonly TrialPair[]): QuantileShift[] {
  const judged = pairs.filter((pair) => pair.purpose === 'judge' && pair.valid && pair.base !== null);
  return TRIAL_QUANTILES.flatMap((quantile, i): QuantileShift[] => {
    const both = judged.flatMap((pair) => {
      const base = pair.base!.latencyMs[i] ?? null;
      const candidate = pair.candidate.latencyMs[i] ?? null;
      return base !== null && candidate !== null && base > 0 && candidate > 0 ? [{ base, candidate }] : [];
    });
    if (both.length < 3) return [];
    const ratios = both.map((one) => one.candidate / one.base).sort((a, b) => a - b);
    const skip = ranksOutside(ratios.length);
    return [
      {
        quantile,
        ratio: middle(ratios),
        low: ratios[skip]!,
        high: ratios.at(-1 - skip)!,
        pairs: ratios.length,
        baseMs: middle(both.map((one) => one.base).sort((a, b) => a - b)),
        candidateMs: middle(both.map((one) => one.candidate).sort((a, b) => a - b)),
      },
    ];
  });
}

/**
 * How many values may be left out on each side so that the rest still holds the median with 95 % (David and Nagaraja,
 * Order Statistics, 2003, chapter 7): the binomial tail up to there is at most 2.5 %.
 */
function ranksOutside(n: number): number {
  let term = 0.5 ** n;
  let tail = term;
  let outside = 0;
  while (tail <= 0.025) {
    outside++;
    term *= (n - outside + 1) / outside;
    tail += term;
  }
  return outside === 0 ? 0 : outside - 1;
}

function middle(sorted: readonly number[]): number {
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
}
