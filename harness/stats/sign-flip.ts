/**
 * The sign-flip permutation test for the mean of paired differences, and bounds of that mean: for shares such as an
 * error rate, where most pairs differ by nothing and the size of the few that do is what matters. Exact without
 * walking through all 2ⁿ sets of signs; ours because no library of the ecosystem has it.
 */
import type { Random } from '../contract/time.ts';
import type { Location } from './location.ts';
import type { Tail } from './ranks.ts';

/** Up to here exact: two halves of 2²⁰ sums each. */
const MOST_EXACT = 40;
const DRAWS = 20_000;
/** Bounds are searched to this share of the range of the values. */
const PRECISION = 1e-4;

/**
 * Tests paired differences against symmetry around 0, by their mean. Zeros change nothing and are left out.
 *
 * @param differences in any unit
 * @param random used for more than 40 differences that are not 0: then p is that of 20,000 drawn sets of signs,
 * (1 + hits) / (1 + draws) (Phipson and Smyth, 2010)
 * @throws RangeError for more than 40 without `random`
 */
export function signFlipTest(differences: readonly number[], random?: Random): { greater: Tail; less: Tail } {
  const sizes = differences.filter((d) => d !== 0).map(Math.abs);
  // Nothing but zeros says nothing.
  if (sizes.length === 0) return { greater: { atLeast: 1, above: 0 }, less: { atLeast: 1, above: 0 } };
  const positive = differences.reduce((sum, d) => (d > 0 ? sum + d : sum), 0);
  const near = 1e-12 * sizes.reduce((sum, size) => sum + size, 0);
  const share = sizes.length <= MOST_EXACT ? exactly(sizes) : drawn(sizes, random);
  const atLeast = share(positive - near);
  const above = share(positive + near);
  return { greater: { atLeast, above }, less: { atLeast: 1 - above, above: 1 - atLeast } };
}

/**
 * The mean of paired differences with the bounds that belong to {@link signFlipTest}: all means that it does not
 * reject (Hartigan, 1969, "Using subsample values as typical values").
 *
 * @returns null for no values
 */
export function meanLocation(differences: readonly number[], random?: Random): Location | null {
  const n = differences.length;
  if (n === 0) return null;
  const estimate = differences.reduce((sum, d) => sum + d, 0) / n;
  return {
    estimate,
    upper: once((confidence) => upperBound(differences, estimate, confidence, random)),
    lower: once(
      (confidence) =>
        -upperBound(
          differences.map((d) => -d),
          -estimate,
          confidence,
          random,
        ),
    ),
  };
}

function upperBound(values: readonly number[], middle: number, confidence: number, random?: Random): number {
  if (2 ** -values.length > 1 - confidence + 1e-12) return Infinity;
  let low = middle;
  let high = Math.max(...values);
  const precision = PRECISION * (high - Math.min(...values));
  while (high - low > precision) {
    const mean = (low + high) / 2;
    const p = signFlipTest(
      values.map((d) => d - mean),
      random,
    ).less.atLeast;
    if (p > 1 - confidence) low = mean;
    else high = mean;
  }
  return high;
}

/** A bound takes a search: it is not made twice. */
function once(of: (confidence: number) => number): (confidence: number) => number {
  const known = new Map<number, number>();
  return (confidence) => {
    const found = known.get(confidence) ?? of(confidence);
    known.set(confidence, found);
    return found;
  };
}

/** Share of all sets of the sizes whose sum is at least so much: sums of both halves, met in the middle. */
function exactly(sizes: readonly number[]): (least: number) => number {
  const middle = sizes.length >> 1;
  const left = subsetSums(sizes.slice(0, middle));
  const right = subsetSums(sizes.slice(middle));
  return (least) => {
    let count = 0;
    let from = right.length;
    // As the left sum grows, more of the right ones reach the goal.
    for (const sum of left) {
      while (from > 0 && sum + right[from - 1]! >= least) from--;
      count += right.length - from;
    }
    return count / (left.length * right.length);
  };
}

/** Sums of all subsets, ascending: each size merges the sums without it with those with it. */
function subsetSums(sizes: readonly number[]): Float64Array {
  let sums = new Float64Array(1);
  for (const size of sizes) {
    const merged = new Float64Array(2 * sums.length);
    let without = 0;
    let together = 0;
    for (let i = 0; i < merged.length; i++)
      merged[i] =
        without < sums.length && sums[without]! <= sums[together]! + size ? sums[without++]! : sums[together++]! + size;
    sums = merged;
  }
  return sums;
}

function drawn(sizes: readonly number[], random: Random | undefined): (least: number) => number {
  if (!random) throw new RangeError(`${sizes.length} differences, at most ${MOST_EXACT} without a source of chance`);
  const sums = Float64Array.from({ length: DRAWS }, () =>
    sizes.reduce((sum, size) => (random.next() < 0.5 ? sum + size : sum), 0),
  );
  return (least) => (1 + sums.reduce((hits, sum) => (sum >= least ? hits + 1 : hits), 0)) / (1 + DRAWS);
}
