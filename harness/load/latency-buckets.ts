/**
 * Latency buckets for the lines over time: 7 per octave from 50 µs to 120 s, about 10 % each. A full histogram per
 * tenth of a second would be exact and far too large; this draws a p99 line from counts that add up over slots.
 */
import { HIGHEST_US } from '../kit/histogram.ts';

const FIRST_US = 50;
const PER_OCTAVE = 7;
const OCTAVES_SPANNED = Math.ceil(PER_OCTAVE * Math.log2(HIGHEST_US / FIRST_US));

/** Bucket i covers [edges[i], edges[i + 1]) µs; the first begins at 0 and the last takes all that is longer. */
export const LATENCY_EDGES_US: readonly number[] = [
  0,
  ...Array.from({ length: OCTAVES_SPANNED + 1 }, (_, i) => Math.round(FIRST_US * 2 ** (i / PER_OCTAVE))),
];

export const LATENCY_BUCKETS = LATENCY_EDGES_US.length - 1;

/** The bucket of a latency. */
export function bucketOf(us: number): number {
  if (us < FIRST_US) return 0;
  let bucket = Math.min(LATENCY_BUCKETS - 1, 1 + Math.floor(PER_OCTAVE * Math.log2(us / FIRST_US)));
  // Edges are rounded to whole microseconds, so the logarithm may be one off beside an edge.
  if (us < LATENCY_EDGES_US[bucket]!) bucket -= 1;
  else if (bucket + 1 < LATENCY_BUCKETS && us >= LATENCY_EDGES_US[bucket + 1]!) bucket += 1;
  return bucket;
}

/** The upper edge of the bucket that holds the quantile; 0 when nothing was counted. */
export function quantileOfBuckets(counts: ArrayLike<number>, quantile: number): number {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i]!;
  if (total === 0) return 0;
  const wanted = Math.ceil(total * quantile);
  let seen = 0;
  for (let i = 0; i < counts.length; i++) {
    seen += counts[i]!;
    if (seen >= wanted) return LATENCY_EDGES_US[i + 1]!;
  }
  return HIGHEST_US;
}
