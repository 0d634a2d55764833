/**
 * Wilcoxon's signed-rank test, exact with ties and zeros too. Ours because the libraries that have it (stdlib's
 * `stats-wilcoxon` among them) go over to the normal approximation as soon as two values are tied or one is zero,
 * which is the usual case for counts and where a gate at 1 % needs the exact tail.
 */
import { doubledMidranks, type Tail, tailsAt } from './ranks.ts';

/** More pairs than this are refused: the exact distribution grows with the cube of their number. */
export const MOST_PAIRS = 200;

export interface SignedRankTest {
  /** All values, zeros included. */
  n: number;
  zeros: number;
  /** Sum of the ranks of positive values, Pratt's ranks. */
  statistic: number;
  /** Against values around 0, that they lie above. */
  greater: Tail;
  /** Against values around 0, that they lie below. */
  less: Tail;
}

/**
 * Tests paired differences against symmetry around 0. Zeros are ranked with all others and then left out (Pratt,
 * 1959), so that they speak against a change rather than for nothing; tied absolute values share their mean rank, and
 * the distribution is that of all signs of these very ranks, counted out by dynamic programming.
 *
 * @param differences in any unit
 * @throws RangeError for more than {@link MOST_PAIRS}
 */
export function signedRankTest(differences: readonly number[]): SignedRankTest {
  const n = differences.length;
  const all = doubledMidranks(differences.map(Math.abs));
  const ranks = all.filter((_, i) => differences[i] !== 0);
  const statistic = all.reduce((sum, rank, i) => (differences[i]! > 0 ? sum + rank : sum), 0);
  return { n, zeros: n - ranks.length, statistic: statistic / 2, ...tailsAt(signWeights(ranks), statistic) };
}

/**
 * Chance of each sum of those of some whole numbers whose coin fell on heads.
 *
 * @param ranks whole numbers
 * @returns by sum, from 0 to the sum of all
 */
export function signWeights(ranks: readonly number[]): Float64Array {
  if (ranks.length > MOST_PAIRS) throw new RangeError(`${ranks.length} pairs, at most ${MOST_PAIRS}`);
  const weights = new Float64Array(ranks.reduce((sum, rank) => sum + rank, 0) + 1);
  weights[0] = 1;
  let most = 0;
  for (const rank of ranks) {
    most += rank;
    // From the top, so that what is read is still without this rank.
    for (let sum = most; sum >= 0; sum--)
      weights[sum] = 0.5 * (weights[sum]! + (sum >= rank ? weights[sum - rank]! : 0));
  }
  return weights;
}

/**
 * The fewest pairs with which a one-sided test can reach a level at all: with all values on one side, p is 2⁻ⁿ.
 *
 * @param alpha level, already divided by the number of tests where there are several
 */
export function fewestPairs(alpha: number): number {
  return Math.ceil(Math.log2(1 / alpha) - 1e-9);
}
