/**
 * The Hodges-Lehmann estimate of where paired differences lie, with the exact bounds that belong to the signed-rank
 * test. Ours because a bound and a test that decide together must be of the same distribution; the libraries that
 * have the estimate have no exact bounds.
 */
import { type Location, orderedLocation } from './location.ts';
import { signWeights } from './signed-rank.ts';

/**
 * The median of the Walsh averages (d_i + d_j)/2, i ≤ j (Hodges and Lehmann, 1963), and bounds that are such averages
 * too. Exact for symmetric values without ties; with ties the closed bounds err on the safe side (Noether, 1967). A
 * two-sided 95 % interval is `lower(0.975)` to `upper(0.975)`.
 *
 * @returns null for no values
 */
export function walshLocation(values: readonly number[]): Location | null {
  const n = values.length;
  if (n === 0) return null;
  const averages = new Float64Array((n * (n + 1)) / 2);
  let at = 0;
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) averages[at++] = (values[i]! + values[j]!) / 2;
  return orderedLocation(averages.sort(), distributionOf(n));
}

const distributions = new Map<number, Float64Array>();

function distributionOf(n: number): Float64Array {
  let found = distributions.get(n);
  if (!found) distributions.set(n, (found = signWeights(Array.from({ length: n }, (_, i) => i + 1))));
  return found;
}
