/**
 * How many pairs it takes, and what so many pairs can show. Both turn the same formula: n ≈ 1.05 · ((z₁₋α/m + z₁₋β) ·
 * σ_d / Δ)², where 1.05 is what the signed-rank test costs against the t-test on normal values (asymptotically π/3).
 */
import { normalQuantile } from './normal.ts';

const COST_OF_RANKS = 1.05;

export interface TestDesign {
  /** Error rate over all tests together. */
  alpha: number;
  /** How many tests share it. */
  tests: number;
  /** Share of cases in which the effect is found. */
  power: number;
}

/**
 * Pairs that find an effect.
 *
 * @param spread standard deviation of the paired differences, in the unit of the effect
 * @param effect larger than 0
 */
export function pairsFor(spread: number, effect: number, design: TestDesign): number {
  return Math.max(2, Math.ceil(COST_OF_RANKS * ((quantiles(design) * spread) / effect) ** 2));
}

/** The smallest effect that so many pairs find, in the unit of the spread. */
export function detectableEffect(spread: number, pairs: number, design: TestDesign): number {
  return quantiles(design) * spread * Math.sqrt(COST_OF_RANKS / pairs);
}

function quantiles({ alpha, tests, power }: TestDesign): number {
  return normalQuantile(1 - alpha / tests) + normalQuantile(power);
}
