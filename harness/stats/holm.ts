/** Several tests at once: p-values adjusted so that the chance of any false alarm among all of them is held. */

/**
 * Holm's step-down adjustment (1979). It needs no independence, and refuses never less than Bonferroni.
 *
 * @param pValues in any order
 * @returns in the same order; reject those of at most alpha
 */
export function holmAdjusted(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = Array.from({ length: pValues.length }, () => 1);
  let largest = 0;
  order.forEach((index, step) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - step) * pValues[index]!));
    adjusted[index] = largest;
  });
  return adjusted;
}
