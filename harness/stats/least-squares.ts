/** Straight lines through points: what grows over a long run, and how fast. */

export interface StraightLine {
  /** Value per unit of time. */
  slope: number;
  /** Value at time 0. */
  intercept: number;
  /** Standard error of the slope; 0 where all points lie on the line. A slope within twice of it may be chance. */
  slopeError: number;
}

/**
 * The line of ordinary least squares through points, all with the same weight.
 *
 * @param times in one unit of the caller's choice
 * @param values as many as times
 * @returns null for fewer than three points, or where all have the same time
 * @throws RangeError where there are more times than values or fewer
 */
export function leastSquares(times: readonly number[], values: readonly number[]): StraightLine | null {
  const count = times.length;
  if (values.length !== count) throw new RangeError(`${count} times with ${values.length} values`);
  if (count < 3) return null;
  // Around the means: sums of squared epoch times would leave no digits for the slope.
  const meanTime = times.reduce((sum, time) => sum + time, 0) / count;
  const meanValue = values.reduce((sum, value) => sum + value, 0) / count;
  let xx = 0;
  let xy = 0;
  for (let i = 0; i < count; i++) {
    const x = times[i]! - meanTime;
    xx += x * x;
    xy += x * (values[i]! - meanValue);
  }
  if (xx === 0) return null;
  const slope = xy / xx;
  const intercept = meanValue - slope * meanTime;
  let rest = 0;
  for (let i = 0; i < count; i++) rest += (values[i]! - intercept - slope * times[i]!) ** 2;
  return { slope, intercept, slopeError: Math.sqrt(rest / (count - 2) / xx) };
}
