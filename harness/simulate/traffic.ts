/**
 * What the simulated users do, drawn from a seed: Poisson arrivals of reads and now and then a write, on keys of
 * unequal popularity. A plan's own sequence of requests can stand in its place.
 */
import type { Random } from '../contract/time.ts';

/** The next thing that happens from outside. Reused from call to call. */
export interface Arrival {
  atMs: number;
  key: string;
  kind: 'read' | 'write';
}
/** Draws the next arrival in order of time; null after the last. */
export type Traffic = () => Arrival | null;

export interface PoissonTraffic {
  /** Reads and writes together. */
  ratePerSec: number;
  durationMs: number;
  /** The first is the most popular. */
  keys: readonly string[];
  /** Zipf's exponent: key k is drawn with a weight of k^-exponent; 0 for evenly. */
  exponent: number;
  writeShare: number;
}

export function poissonTraffic(traffic: PoissonTraffic, random: Random): Traffic {
  const { ratePerSec, durationMs, keys, exponent, writeShare } = traffic;
  let sum = 0;
  const ends = keys.map((_, i) => (sum += (i + 1) ** -exponent));
  const arrival: Arrival = { atMs: 0, key: keys[0]!, kind: 'read' };
  return () => {
    arrival.atMs += (-Math.log(1 - random.next()) / ratePerSec) * 1000;
    if (arrival.atMs >= durationMs) return null;
    if (keys.length > 1) arrival.key = keys[indexOf(ends, random.next() * sum)]!;
    if (writeShare > 0) arrival.kind = random.next() < writeShare ? 'write' : 'read';
    return arrival;
  };
}

/** The first index whose end lies above the draw. */
function indexOf(ends: readonly number[], draw: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! > draw) high = middle;
    else low = middle + 1;
  }
  return low;
}
