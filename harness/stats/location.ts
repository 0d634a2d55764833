/** Where values lie, with bounds at any level: what every estimate of this folder gives, so that they can be exchanged. */

export interface Location {
  estimate: number;
  /** One-sided: the true place lies at or above it in at least this share of cases; −∞ where there are too few values. */
  lower(confidence: number): number;
  /** One-sided: the true place lies at or below it; ∞ where there are too few values. */
  upper(confidence: number): number;
}

/**
 * Bounds that are order statistics: the k-th smallest and k-th largest of some values.
 *
 * @param sorted ascending
 * @param weights chances, from 0 on, of the statistic that counts how many of the values lie beyond the true place
 */
export function orderedLocation(sorted: Float64Array, weights: Float64Array): Location {
  const middle = sorted.length / 2;
  return {
    estimate: (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2,
    lower(confidence) {
      const rank = boundRank(weights, 1 - confidence);
      return rank === 0 ? -Infinity : sorted[rank - 1]!;
    },
    upper(confidence) {
      const rank = boundRank(weights, 1 - confidence);
      return rank === 0 ? Infinity : sorted[sorted.length - rank]!;
    },
  };
}

/** The largest k with P(T ≤ k − 1) ≤ chance: the k-th value is the bound. 0 for none. */
function boundRank(weights: Float64Array, chance: number): number {
  let below = 0;
  let k = 0;
  // What arithmetic leaves of, say, 1 − 0.975 must not cost a step.
  while (k < weights.length && below + weights[k]! <= chance + 1e-12) below += weights[k++]!;
  return k;
}
