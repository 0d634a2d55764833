/**
 * Quantiles of plain numbers and of counts in buckets. Small on purpose: everything with a whole HdrHistogram uses
 * that; these serve windows of time, where only the counts of each slot are kept.
 */

/**
 * The quantile of unsorted values by linear interpolation between closest ranks (type 7 of Hyndman and Fan, 1996).
 *
 * @param q from 0 to 1
 * @returns null for no values
 */
export function quantile(values: readonly number[], q: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * Math.min(1, Math.max(0, q));
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  return low + (high - low) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number | null {
  return quantile(values, 0.5);
}

/**
 * The quantile of bucketed counts, interpolated in a straight line inside its bucket.
 *
 * @param edges bucket i covers [edges[i], edges[i + 1]); a last bucket without upper edge counts as its lower edge
 * @param counts one per bucket
 * @param q from 0 to 1
 * @returns null where all counts are zero
 */
export function bucketQuantile(edges: readonly number[], counts: readonly number[], q: number): number | null {
  let total = 0;
  for (const count of counts) total += count;
  if (total === 0) return null;
  const rank = Math.max(q * total, Number.MIN_VALUE);
  let below = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (below + count >= rank && count > 0) {
      const low = edges[i] ?? edges.at(-1) ?? 0;
      const high = edges[i + 1] ?? low;
      return low + (high - low) * ((rank - below) / count);
    }
    below += count;
  }
  return edges.at(-1) ?? null;
}
