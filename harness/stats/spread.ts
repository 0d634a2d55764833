/** Mean and spread of plain numbers, and how far a spread that was seen in few numbers can be believed. */
import { normalQuantile } from './normal.ts';

/** The arithmetic mean; null for no values. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The sample standard deviation, with n − 1 below; null for fewer than two values. */
export function standardDeviation(values: readonly number[]): number | null {
  const middle = mean(values);
  if (middle === null || values.length < 2) return null;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/**
 * The smallest standard deviation that agrees with one that was seen, for normal values.
 *
 * @param seen standard deviation as seen
 * @param degreesOfFreedom n − 1, or n where the mean is known
 * @param confidence one-sided, for example 0.95
 * @returns lower confidence bound; the χ² quantile behind it is that of Wilson and Hilferty (1931)
 */
export function spreadLowerBound(seen: number, degreesOfFreedom: number, confidence: number): number {
  const step = 2 / (9 * degreesOfFreedom);
  const chiSquare = degreesOfFreedom * (1 - step + normalQuantile(confidence) * Math.sqrt(step)) ** 3;
  return seen * Math.sqrt(degreesOfFreedom / chiSquare);
}
