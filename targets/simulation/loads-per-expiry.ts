/**
 * Counts database loads per expiry of one hot key under Poisson arrivals, at any number of instances: the figure that
 * every prediction is held against. Runs until the figure is certain enough.
 */
import { seededRandom } from '../../harness/kit/random.ts';
import { simulate } from '../../harness/simulate/simulation.ts';
import { poissonTraffic } from '../../harness/simulate/traffic.ts';
import type { StackMember } from '../reader/stack.ts';
import { readersOf } from './join.ts';

const KEY = 'product:1';
/** Enough is measured when the standard error is below this share of the mean, and so many expiries were seen. */
const ENOUGH = 0.04;
const FEWEST_EXPIRIES = 12;
const MOST_EXPIRIES = 200;

export interface HotKey {
  instances: number;
  /** λ over all instances. */
  ratePerSec: number;
  /** δ, ms. */
  recomputeMs: number;
  ttlMs: number;
  seed: number;
}

export interface LoadsPerExpiry {
  loadsPerExpiry: number;
  standardError: number;
  expiries: number;
  reads: number;
}

/** The first, cold load of the key is not an expiry. */
export async function simulateLoadsPerExpiry(stack: readonly StackMember[], hotKey: HotKey): Promise<LoadsPerExpiry> {
  const { instances, ratePerSec, recomputeMs, ttlMs, seed } = hotKey;
  /** Loads of each expiry; loads that begin soon after the last end belong together. */
  const groups: number[] = [];
  let lastEndMs = -Infinity;
  let result: Omit<LoadsPerExpiry, 'reads'> = { loadsPerExpiry: NaN, standardError: NaN, expiries: 0 };
  const whole = poissonTraffic(
    { ratePerSec, durationMs: MOST_EXPIRIES * 2 * ttlMs, keys: [KEY], exponent: 0, writeShare: 0 },
    seededRandom(seed, 'arrivals'),
  );
  const isEnough = (): boolean => {
    // The first group is the cold start, the last one may be unfinished.
    const seen = groups.slice(1, -1);
    result = { ...meanAndError(seen), expiries: seen.length };
    return seen.length >= FEWEST_EXPIRIES && result.standardError <= ENOUGH * result.loadsPerExpiry;
  };
  let lookAtMs = ttlMs;
  const { reads } = await simulate({
    seed,
    instances,
    crashes: null,
    writeMs: 1,
    // What is still under way at the end is not counted.
    drainMs: 0,
    traffic: () => {
      const arrival = whole();
      if (arrival === null || arrival.atMs < lookAtMs) return arrival;
      lookAtMs += ttlMs;
      return isEnough() || groups.length > MOST_EXPIRIES ? null : arrival;
    },
    network: { minMs: 0.1, meanExtraMs: 0, stallShare: 0, stallMs: 0 },
    // No queueing: predictions are about the traffic, not about an overloaded database.
    database: { serviceMs: recomputeMs, serviceSpread: 0, concurrency: Infinity },
    ...readersOf(stack, { ttlMs, loadDeadlineMs: 100 * recomputeMs }),
    observer: {
      queried: ({ askedAtMs, endedAtMs }) => {
        if (askedAtMs > lastEndMs + ttlMs / 8) groups.push(0);
        groups[groups.length - 1]! += 1;
        lastEndMs = Math.max(lastEndMs, endedAtMs);
      },
    },
  });
  return { ...result, reads };
}

function meanAndError(counts: readonly number[]): { loadsPerExpiry: number; standardError: number } {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  return { loadsPerExpiry: mean, standardError: Math.sqrt(squares / Math.max(1, counts.length - 1) / counts.length) };
}
