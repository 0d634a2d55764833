/**
 * Things seen over windows of time: the busiest window of a stream of moments, and the integral or extreme of a
 * sampled line. Times are plain numbers in one unit of the caller's choice.
 */

/**
 * The largest number of moments inside any window [t, t + width).
 *
 * @param sortedTimes ascending
 */
export function busiestWindow(sortedTimes: readonly number[], width: number): number {
  let most = 0;
  let from = 0;
  for (let to = 0; to < sortedTimes.length; to++) {
    while (sortedTimes[to]! - sortedTimes[from]! >= width) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** A sampled line: a value at each time, null where the sample was lost. */
export interface Line {
  times: readonly number[];
  values: readonly (number | null)[];
}

/** The values sampled in (from, to], without the lost ones. A sample speaks for the time before it. */
export function valuesWithin(line: Line, from: number, to: number): number[] {
  const found: number[] = [];
  line.times.forEach((time, i) => {
    const value = line.values[i];
    if (time > from && time <= to && value !== null && value !== undefined) found.push(value);
  });
  return found;
}

/**
 * The time-weighted mean of a line between two times. Each sample holds from the one before it to its own time, as a
 * rate computed from two readings of a counter does. Lost samples and what lies beyond the samples are left out.
 *
 * @param firstFrom where the first sample's interval begins
 * @param minCover share of [from, to] that samples must cover, otherwise the mean is unknown
 * @returns null where too little is known
 */
export function meanWithin(line: Line, from: number, to: number, firstFrom = 0, minCover = 0.5): number | null {
  let covered = 0;
  let sum = 0;
  line.times.forEach((time, i) => {
    const value = line.values[i];
    const begin = i === 0 ? Math.min(firstFrom, time) : line.times[i - 1]!;
    const overlap = Math.min(to, time) - Math.max(from, begin);
    if (overlap <= 0 || value === null || value === undefined) return;
    covered += overlap;
    sum += overlap * value;
  });
  return covered > 0 && covered >= minCover * (to - from) ? sum / covered : null;
}
