/**
 * Latency histograms in microseconds: 1 µs to 120 s at three significant digits; encoded as compressed V2, which merges
 * and can be read by other tools.
 */
import * as hdr from 'hdr-histogram-js';

export const HIGHEST_US = 120_000_000;

export type Histogram = hdr.Histogram;

/** Compressed V2, base64. */
export function encodeHistogram(histogram: Histogram): string {
  return hdr.encodeIntoCompressedBase64(histogram);
}

/** Reads what {@link encodeHistogram} or another HdrHistogram library wrote. Pure JavaScript: nothing to free. */
export function decodeHistogram(base64: string): Histogram {
  return hdr.decodeFromCompressedBase64(base64, 64, false);
}

/** Adds encoded histograms into one. */
export function mergeEncoded(encoded: Iterable<string>): Histogram {
  const sum = hdr.build({
    bitBucketSize: 64,
    autoResize: false,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
  });
  for (const one of encoded) sum.add(decodeHistogram(one));
  return sum;
}

/**
 * The values below which the given shares of all recorded values lie, in a straight line between the edges of the
 * bucket that a share falls into: a difference of a thousandth between two trials is then not hidden by the bucket.
 *
 * @param histogram as {@link mergeEncoded} or {@link decodeHistogram} return it
 * @param shares ascending, each above 0 and below 1, for example 0.99
 * @returns µs, one for each share; none where nothing was recorded
 */
export function interpolatedQuantilesUs(histogram: Histogram, shares: readonly number[]): number[] {
  if (!(histogram instanceof hdr.JsHistogram)) throw new TypeError('only histograms that were decoded can be walked');
  const buckets = histogram.recordedValuesIterator;
  buckets.reset();
  const values: number[] = [];
  for (let below = 0; values.length < shares.length && buckets.hasNext();) {
    const { valueIteratedTo, totalCountToThisValue } = buckets.next();
    const count = totalCountToThisValue - below;
    // Latencies were rounded to whole microseconds, so that a bucket begins half of one earlier.
    const from = histogram.lowestEquivalentValue(valueIteratedTo) - 0.5;
    const to = histogram.highestEquivalentValue(valueIteratedTo) + 0.5;
    for (let rank = shares[values.length]! * histogram.totalCount; rank <= totalCountToThisValue;) {
      values.push(from + ((to - from) * (rank - below)) / count);
      if (values.length === shares.length) break;
      rank = shares[values.length]! * histogram.totalCount;
    }
    below = totalCountToThisValue;
  }
  return values;
}
