/** Whether numbers in a row hang together: then they are worth less than as many independent ones. */
import { mean } from './spread.ts';
import { normalQuantile } from './normal.ts';

/** Lag-1 autocorrelation, from −1 to 1; null for fewer than three values or for equal ones. */
export function lagOneAutocorrelation(values: readonly number[]): number | null {
  const middle = mean(values);
  if (middle === null || values.length < 3) return null;
  let products = 0;
  let squares = 0;
  values.forEach((value, i) => {
    squares += (value - middle) ** 2;
    if (i > 0) products += (value - middle) * (values[i - 1]! - middle);
  });
  return squares === 0 ? null : products / squares;
}

/**
 * How large the lag-1 autocorrelation of independent values gets by chance. Its mean is −1/n and its variance
 * (n − 2)² / (n² (n − 1)) (Moran, 1948, "Some theorems on time series"), so the bound is not the same for 12 values
 * as for 24.
 *
 * @param count how many values
 * @param chance share of cases in which independent values lie above the bound
 */
export function autocorrelationBound(count: number, chance: number): number {
  const deviation = (count - 2) / (count * Math.sqrt(count - 1));
  return -1 / count + normalQuantile(1 - chance) * deviation;
}
