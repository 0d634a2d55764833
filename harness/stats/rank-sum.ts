/**
 * Two independent samples: the Mann-Whitney test and the Hodges-Lehmann shift with its bounds, exact with ties too.
 * Ours for the same reason as the signed-rank test: libraries approximate as soon as values are tied, and counts are.
 */
import { type Location, orderedLocation } from './location.ts';
import { doubledMidranks, type Tail, tailsAt } from './ranks.ts';

/** More values than this are refused: the exact distribution grows with the fourth power of their number. */
const MOST_VALUES = 120;

export interface RankSumTest {
  /** Sum of the ranks of the second sample. */
  statistic: number;
  /** That the second sample lies above the first. */
  greater: Tail;
  /** That the second sample lies below the first. */
  less: Tail;
}

/**
 * Tests that two samples come from one distribution (Mann and Whitney, 1947), with the distribution of the rank sum
 * over all ways of dealing these very values into two samples.
 *
 * @throws RangeError for an empty sample, or more than 120 values
 */
export function rankSumTest(first: readonly number[], second: readonly number[]): RankSumTest {
  if (first.length === 0 || second.length === 0) throw new RangeError('an empty sample cannot be compared');
  const ranks = doubledMidranks([...first, ...second]);
  const statistic = ranks.slice(first.length).reduce((sum, rank) => sum + rank, 0);
  return { statistic: statistic / 2, ...tailsAt(dealWeights(ranks, second.length), statistic) };
}

/** By how much the second sample lies above the first: the median of all differences, and bounds that are such too. */
export function shiftBetween(first: readonly number[], second: readonly number[]): Location | null {
  if (first.length === 0 || second.length === 0) return null;
  const differences = Float64Array.from(first.flatMap((a) => second.map((b) => b - a)));
  return orderedLocation(differences.sort(), countsOf(first.length, second.length));
}

/** Number of ways to deal `size` of the ranks with each sum. */
function dealWeights(ranks: readonly number[], size: number): Float64Array {
  if (ranks.length > MOST_VALUES) throw new RangeError(`${ranks.length} values, at most ${MOST_VALUES}`);
  const most = ranks
    .toSorted((a, b) => b - a)
    .slice(0, size)
    .reduce((sum, rank) => sum + rank, 0);
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(most + 1));
  ways[0]![0] = 1;
  ranks.forEach((rank, i) => {
    for (let taken = Math.min(size, i + 1); taken >= 1; taken--) {
      const from = ways[taken - 1]!;
      const to = ways[taken]!;
      for (let sum = rank; sum <= most; sum++) to[sum]! += from[sum - rank]!;
    }
  });
  return ways[size]!;
}

const counts = new Map<string, Float64Array>();

/** Chances of the Mann-Whitney count U from 0 on, without ties. */
function countsOf(first: number, second: number): Float64Array {
  const key = `${first} ${second}`;
  let found = counts.get(key);
  if (!found) {
    const ways = dealWeights(
      Array.from({ length: first + second }, (_, i) => i + 1),
      second,
    ).slice((second * (second + 1)) / 2);
    const total = ways.reduce((sum, way) => sum + way, 0);
    counts.set(key, (found = ways.map((way) => way / total)));
  }
  return found;
}

/**
 * The smallest p-value that two samples can reach at all: one deal of all.
 *
 * @returns 1 / C(first + second, second)
 */
export function smallestRankSumP(first: number, second: number): number {
  let ways = 1;
  for (let i = 1; i <= second; i++) ways *= (first + i) / i;
  return 1 / ways;
}
