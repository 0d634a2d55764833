/**
 * When requests are meant to leave. Times are drawn from a seeded process over segments in which the rate goes in a
 * straight line, and never wait for an answer: that is what makes the load open. One time is drawn at a time, so a
 * run of any length needs no memory for what is still to come.
 */
import type { ArrivalSegment, LoadSpec } from '../contract/load.ts';
import type { Random } from '../contract/time.ts';

/** A sequence of intended arrival times. */
export interface Arrivals {
  /** The next arrival in ms from the start of the first segment, never going back; Infinity when all are drawn. */
  next(): number;
  /** The index of the segment that the last arrival belongs to. */
  readonly segment: number;
}

/**
 * Arrivals over piecewise linear rates.
 *
 * - `constant`: even spacing; over a ramp the i-th arrival stands where the integrated rate reaches i + ½.
 * - `poisson`: a non-homogeneous Poisson process by thinning (Lewis and Shedler, 1979), each segment under its own peak.
 *
 * @param random needed by `poisson` only
 */
export function createArrivals(
  kind: LoadSpec['arrivals'],
  segments: readonly ArrivalSegment[],
  random: Random,
): Arrivals {
  return kind === 'poisson' ? new PoissonArrivals(segments, random) : new ConstantArrivals(segments);
}

class PoissonArrivals implements Arrivals {
  segment = 0;
  readonly #segments: readonly ArrivalSegment[];
  readonly #random: Random;
  #segmentStartMs = 0;
  #atMs = 0;

  constructor(segments: readonly ArrivalSegment[], random: Random) {
    this.#segments = segments;
    this.#random = random;
  }

  next(): number {
    for (;;) {
      const segment = this.#segments[this.segment];
      if (segment === undefined) return Infinity;
      const endMs = this.#segmentStartMs + segment.durationMs;
      const peakPerMs = Math.max(segment.fromRatePerSec, segment.toRatePerSec) / 1000;
      if (peakPerMs > 0 && this.#drawWithin(segment, endMs, peakPerMs)) return this.#atMs;
      // A Poisson process has no memory: the next segment starts afresh at its own start.
      this.#atMs = endMs;
      this.#segmentStartMs = endMs;
      this.segment += 1;
    }
  }

  #drawWithin(segment: ArrivalSegment, endMs: number, peakPerMs: number): boolean {
    const level = segment.fromRatePerSec === segment.toRatePerSec;
    for (;;) {
      this.#atMs -= Math.log(1 - this.#random.next()) / peakPerMs;
      if (this.#atMs >= endMs) return false;
      if (level) return true;
      const share = (this.#atMs - this.#segmentStartMs) / segment.durationMs;
      const ratePerMs = (segment.fromRatePerSec + (segment.toRatePerSec - segment.fromRatePerSec) * share) / 1000;
      if (this.#random.next() * peakPerMs < ratePerMs) return true;
    }
  }
}

class ConstantArrivals implements Arrivals {
  segment = 0;
  readonly #segments: readonly ArrivalSegment[];
  #segmentStartMs = 0;
  /** Integrated rate up to the start of the segment. */
  #countBefore = 0;
  #drawn = 0;

  constructor(segments: readonly ArrivalSegment[]) {
    this.#segments = segments;
  }

  next(): number {
    for (;;) {
      const segment = this.#segments[this.segment];
      if (segment === undefined) return Infinity;
      const fromPerMs = segment.fromRatePerSec / 1000;
      const toPerMs = segment.toRatePerSec / 1000;
      const count = ((fromPerMs + toPerMs) / 2) * segment.durationMs;
      const wanted = this.#drawn + 0.5 - this.#countBefore;
      if (wanted < count) {
        this.#drawn += 1;
        const slope = (toPerMs - fromPerMs) / segment.durationMs;
        // The root of fromPerMs·t + slope·t²/2 = wanted in the form that stays exact for a slope near zero.
        const offsetMs = (2 * wanted) / (fromPerMs + Math.sqrt(Math.max(0, fromPerMs ** 2 + 2 * slope * wanted)));
        return this.#segmentStartMs + Math.min(offsetMs, segment.durationMs);
      }
      this.#countBefore += count;
      this.#segmentStartMs += segment.durationMs;
      this.segment += 1;
    }
  }
}
