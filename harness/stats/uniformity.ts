/**
 * Whether p-values are what they claim: under no change they must be uniform. Exact tests have few possible p-values,
 * so plain ones are coarser than uniform; a randomised p-value is exactly uniform and can be tested as such.
 */
import type { Tail } from './ranks.ts';

/**
 * A p-value that is uniform under no change although its test is discrete: P(T > t) + u · P(T = t).
 *
 * @param u a number from a source of chance, in [0, 1)
 */
export function randomisedPValue(tail: Tail, u: number): number {
  return tail.above + u * (tail.atLeast - tail.above);
}

/**
 * The Kolmogorov-Smirnov test that values are uniform on [0, 1].
 *
 * @param values at least one
 * @returns the largest distance between the distributions, and its p-value from Kolmogorov's limit with Stephens'
 * correction (1970), right to about 0.001 from 10 values on
 * @throws RangeError for no values, or values outside of [0, 1]
 */
export function uniformityTest(values: readonly number[]): { distance: number; pValue: number } {
  if (values.length === 0) throw new RangeError('no values to test');
  const sorted = values.toSorted((a, b) => a - b);
  if (!(sorted[0]! >= 0 && sorted.at(-1)! <= 1)) throw new RangeError('values must lie in [0, 1]');
  const n = sorted.length;
  const distance = sorted.reduce((most, value, i) => Math.max(most, (i + 1) / n - value, value - i / n), 0);
  const root = Math.sqrt(n);
  return { distance, pValue: kolmogorovTail(distance * (root + 0.12 + 0.11 / root)) };
}

/** P(K > x) for Kolmogorov's limit. */
function kolmogorovTail(x: number): number {
  if (x < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, Math.max(0, sum));
}
