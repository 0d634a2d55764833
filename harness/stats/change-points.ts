/**
 * Change points of a series: where its values begin to be others. E-divisive with means (Matteson and James, A
 * Nonparametric Approach for Multiple Change Point Analysis of Multivariate Data, JASA 109, 2014), as Apache Otava
 * uses it: split where the energy distance is largest, test by permutation, and go on in the parts. With the exponent
 * 1 in one dimension all splits of n values cost n·log n, so that thousands of values and permutations are no matter.
 */
import type { Random } from '../contract/time.ts';

export interface ChangePoint {
  /** The first value of the new level. */
  index: number;
  /** Of the permutation test, in the round in which it was found. */
  pValue: number;
  /** Medians of the stretch before, back to the change point before it, and of the one after. */
  before: number;
  after: number;
}

export interface ChangePointOptions {
  random: Random;
  /** Of each test; more give finer p-values. The smallest p-value is 1 / (permutations + 1). Default 499. */
  permutations?: number;
  /** A split is kept where its p-value is not above this. Default 0.01. */
  level?: number;
  /** Values that a stretch holds at least. Default 3. */
  minStretch?: number;
}

interface Split {
  index: number;
  statistic: number;
}

/**
 * Finds the change points of a series, in order.
 *
 * Under no change (values that could stand in any order) a change is found in at most `level` of all series, because
 * the whole search is repeated on each permutation. Values that depend on the one before, as of a machine that drifts,
 * are a change to this test.
 *
 * @param values in the order of time; finite
 * @returns empty where there are fewer than two stretches
 */
export function changePoints(values: readonly number[], options: ChangePointOptions): ChangePoint[] {
  const { random, permutations = 499, level = 0.01, minStretch = 3 } = options;
  const series = Float64Array.from(values);
  /** Borders of stretches, with the best split of each stretch. */
  const borders = [0, series.length];
  const found = new Map<number, number>();
  const best = new Map<number, Split | null>([[0, bestSplit(series, 0, series.length, minStretch)]]);
  for (;;) {
    const winner = [...best.values()].reduce<Split | null>(
      (most, split) => (split && split.statistic > (most?.statistic ?? 0) ? split : most),
      null,
    );
    if (!winner) break;
    const pValue = permutationTest(series, borders, winner.statistic, { random, permutations, level, minStretch });
    if (pValue > level) break;
    const at = borders.findLastIndex((border) => border < winner.index);
    const [from, to] = [borders[at]!, borders[at + 1]!];
    borders.splice(at + 1, 0, winner.index);
    found.set(winner.index, pValue);
    best.set(from, bestSplit(series, from, winner.index, minStretch));
    best.set(winner.index, bestSplit(series, winner.index, to, minStretch));
  }
  return borders.slice(1, -1).map((index, i) => ({
    index,
    pValue: found.get(index)!,
    before: median(series.subarray(borders[i], index)),
    after: median(series.subarray(index, borders[i + 2])),
  }));
}

/**
 * Share of permutations whose best split is at least as good. Values change places inside their stretch only, and the
 * best is sought over all stretches, as it was in the series itself. Ends early where the level can no longer be met.
 */
function permutationTest(
  series: Float64Array,
  borders: readonly number[],
  statistic: number,
  options: Required<ChangePointOptions>,
): number {
  const { random, permutations, level, minStretch } = options;
  const shuffled = series.slice();
  // What differs in the last digits only, because sums were made in another order, is equal.
  const atLeast = statistic * (1 - 1e-9);
  let asGood = 0;
  for (let done = 0; done < permutations; done++) {
    let reached = false;
    for (let i = 0; i + 1 < borders.length && !reached; i++) {
      const [from, to] = [borders[i]!, borders[i + 1]!];
      if (to - from < 2 * minStretch) continue;
      shuffle(shuffled, from, to, random);
      reached = (bestSplit(shuffled, from, to, minStretch)?.statistic ?? 0) >= atLeast;
    }
    if (reached) asGood++;
    if ((asGood + 1) / (permutations + 1) > level) return (asGood + 1) / (done + 2);
  }
  return (asGood + 1) / (permutations + 1);
}

/** Fisher and Yates. */
function shuffle(values: Float64Array, from: number, to: number, random: Random): void {
  for (let i = to - 1; i > from; i--) {
    const j = from + Math.floor(random.next() * (i - from + 1));
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
}

/**
 * The split of values[from, to) with the largest scaled energy distance between its parts:
 * mn/(m+n) · (2/(mn)·ΣΣ|x−y| − ΣΣ|x−x'|/C(m,2) − ΣΣ|y−y'|/C(n,2)). Null where no split leaves enough on both sides.
 */
function bestSplit(values: Float64Array, from: number, to: number, minStretch: number): Split | null {
  const n = to - from;
  const least = Math.max(2, minStretch);
  if (n < 2 * least) return null;
  const part = values.subarray(from, to);
  const sorted = part.toSorted();
  const { ranks, distances } = ranksAndDistances(part, sorted);
  // Sums of distances inside the left part, inside the right part, and between them; a value at a time moves over.
  let inLeft = 0;
  let between = 0;
  let inRight = 0;
  for (const distance of distances) inRight += distance;
  inRight /= 2;
  const left = new RankedSums(n);
  let winner: Split | null = null;
  for (let i = 0; i < n - least; i++) {
    const value = part[i]!;
    const toLeft = left.distanceTo(value, ranks[i]!);
    const toRight = distances[i]! - toLeft;
    left.add(ranks[i]!, value);
    inLeft += toLeft;
    inRight -= toRight;
    between += toRight - toLeft;
    const l = i + 1;
    const r = n - l;
    if (l < least) continue;
    const energy = (2 * between) / (l * r) - (2 * inLeft) / (l * (l - 1)) - (2 * inRight) / (r * (r - 1));
    const statistic = ((l * r) / n) * energy;
    if (statistic > (winner?.statistic ?? 0)) winner = { index: from + l, statistic };
  }
  return winner;
}

/** The place of each value among the sorted ones, and the sum of its distances to all. */
function ranksAndDistances(part: Float64Array, sorted: Float64Array): { ranks: Int32Array; distances: Float64Array } {
  const n = part.length;
  const sums = new Float64Array(n + 1);
  for (let i = 0; i < n; i++) sums[i + 1] = sums[i]! + sorted[i]!;
  const ranks = new Int32Array(n);
  const distances = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const value = part[i]!;
    let low = 0;
    for (let high = n; low < high;) {
      const half = (low + high) >>> 1;
      if (sorted[half]! < value) low = half + 1;
      else high = half;
    }
    ranks[i] = low;
    // `low` values are smaller; of the others, equal ones are at no distance.
    distances[i] = value * low - sums[low]! + (sums[n]! - sums[low]!) - value * (n - low);
  }
  return { ranks, distances };
}

/** Counts and sums of the values seen so far, by rank: a Fenwick tree, so that each question costs log n. */
class RankedSums {
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  #count = 0;
  #sum = 0;

  constructor(size: number) {
    this.#counts = new Float64Array(size + 1);
    this.#sums = new Float64Array(size + 1);
  }

  add(rank: number, value: number): void {
    this.#count++;
    this.#sum += value;
    for (let i = rank + 1; i < this.#counts.length; i += i & -i) {
      this.#counts[i]!++;
      this.#sums[i]! += value;
    }
  }

  /** The sum of |value − x| over the values seen so far. */
  distanceTo(value: number, rank: number): number {
    let count = 0;
    let sum = 0;
    for (let i = rank + 1; i > 0; i -= i & -i) {
      count += this.#counts[i]!;
      sum += this.#sums[i]!;
    }
    return value * count - sum + (this.#sum - sum) - value * (this.#count - count);
  }
}

function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
}
