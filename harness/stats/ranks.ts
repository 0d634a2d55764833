/**
 * Ranks with ties, doubled: the mean rank of tied values is a multiple of one half, and whole numbers let exact
 * distributions be counted out with ties too.
 */

/** Values closer than this, relative to the largest, are one value: the rest is what arithmetic leaves behind. */
const SAME = 1e-12;

/**
 * Twice the midrank of each value, from 2.
 *
 * @param values in any order
 * @returns in the order of the values
 */
export function doubledMidranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const near = SAME * values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const ranks = Array.from({ length: values.length }, () => 0);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]!]! - values[order[from]!]! <= near) to++;
    // Ranks from + 1 to to + 1; twice their mean.
    for (let i = from; i <= to; i++) ranks[order[i]!] = from + to + 2;
    from = to + 1;
  }
  return ranks;
}

/** Chances of a statistic at least as large as the one seen, and larger: both ends of an exact p-value. */
export interface Tail {
  /** P(T ≥ t): the p-value. */
  atLeast: number;
  /** P(T > t). */
  above: number;
}

/** Both tails of a distribution given by weights, at an index. */
export function tailsAt(weights: Float64Array, at: number): { greater: Tail; less: Tail } {
  let total = 0;
  let below = 0;
  let above = 0;
  weights.forEach((weight, i) => {
    total += weight;
    if (i < at) below += weight;
    else if (i > at) above += weight;
  });
  const here = weights[at] ?? 0;
  return {
    greater: { atLeast: (above + here) / total, above: above / total },
    less: { atLeast: (below + here) / total, above: below / total },
  };
}
