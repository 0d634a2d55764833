/**
 * Zipf-distributed ranks by rejection-inversion: exact for any exponent from 0 up, 1.0 included, with no table to
 * build, so that a catalogue of millions of keys costs nothing at start. W. Hörmann and G. Derflinger,
 * "Rejection-inversion to generate variates from monotone discrete distributions", ACM TOMACS 6(3), 1996.
 */
import type { Random } from '../contract/time.ts';

/**
 * A source of ranks 1 to `ranks`, where rank k has a weight of k^-exponent.
 *
 * @param ranks at least 1
 * @param exponent at least 0; 0 is uniform
 */
export function createZipf(ranks: number, exponent: number, random: Random): () => number {
  const complement = 1 - exponent;
  const density = (x: number): number => Math.exp(-exponent * Math.log(x));
  // The antiderivative of the density that is 0 at 1, and its inverse, both smooth through an exponent of 1.
  const area = (x: number): number => {
    const log = Math.log(x);
    return log * expm1Ratio(complement * log);
  };
  const areaInverse = (u: number): number => Math.exp(u * log1pRatio(Math.max(-1, complement * u)));

  const lowest = area(1.5) - 1;
  const highest = area(ranks + 0.5);
  // Within this distance below the rank, a point is always under the histogram: accepted without looking further.
  const squeeze = 2 - areaInverse(area(2.5) - density(2));

  return () => {
    for (;;) {
      const u = highest + random.next() * (lowest - highest);
      const x = areaInverse(u);
      const rank = Math.min(ranks, Math.max(1, Math.round(x)));
      if (rank - x <= squeeze || u >= area(rank + 0.5) - density(rank)) return rank;
    }
  };
}

/** (e^x - 1) / x, also at and near 0. */
function expm1Ratio(x: number): number {
  return Math.abs(x) > 1e-8 ? Math.expm1(x) / x : 1 + x / 2;
}

/** ln(1 + x) / x, also at and near 0. */
function log1pRatio(x: number): number {
  return Math.abs(x) > 1e-8 ? Math.log1p(x) / x : 1 - x / 2;
}
