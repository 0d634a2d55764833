/**
 * Counts database loads per expiry of one hot key under Poisson arrivals in virtual time, the figure that every
 * prediction is held against. Seeded, so that the same call always gives the same figure.
 */
import { createVirtualClock } from '../../harness/kit/virtual-clock.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import type { StackMember } from '../reader/stack.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { createBench } from './bench.ts';

const KEY = 'product:1';
/** Enough is measured when the standard error is below this share of the mean. */
const ENOUGH = 0.04;
const FEWEST_EXPIRIES = 12;

export interface MeasureOptions {
  instances: number;
  /** λ over all instances. */
  ratePerSec: number;
  /** δ, ms. */
  recomputeMs: number;
  ttlMs: number;
  seed: number;
  /** Stops here even when the figure is still uncertain; default 200. */
  maxExpiries?: number;
  /** One round trip to the cache, ms; default 0.2. */
  networkMs?: number;
}

export interface MeasuredLoads {
  loadsPerExpiry: number;
  expiries: number;
  standardError: number;
}

function meanAndError(counts: readonly number[]): { mean: number; error: number } {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / Math.max(1, counts.length - 1) / counts.length) };
}

/** Reads the hot key until the figure is certain enough. The first, cold load of the key is not an expiry. */
export async function measureLoadsPerExpiry(
  stack: readonly StackMember[],
  { ratePerSec, recomputeMs, ttlMs, instances, seed, maxExpiries = 200, networkMs = 0.2 }: MeasureOptions,
): Promise<MeasuredLoads> {
  const clock = createVirtualClock();
  const store = createMemoryStore(clock, { delayMs: networkMs });
  const world = {
    clock,
    store,
    finish: <T>(work: Promise<T>) => clock.finish(work),
    recomputeMs,
    ttlMs,
    [Symbol.asyncDispose]: async () => {},
  };
  const bench = createBench(world, stack, { instances, seed });
  const random = seededRandom(seed, 'arrivals');
  bench.database.put(KEY, 1);

  /** Loads of each expiry; loads that begin soon after the last end belong together. */
  function counts(): number[] {
    const groups: number[] = [];
    let lastEndMs = -Infinity;
    for (const load of bench.loads.toSorted((a, b) => a.startedAtMs - b.startedAtMs)) {
      if (load.startedAtMs > lastEndMs + ttlMs / 8) groups.push(0);
      groups[groups.length - 1]! += 1;
      lastEndMs = Math.max(lastEndMs, load.endedAtMs);
    }
    // The first group is the cold start, the last one may be unfinished.
    return groups.slice(1, -1);
  }

  let measured: MeasuredLoads = { loadsPerExpiry: Number.NaN, expiries: 0, standardError: Number.NaN };
  async function arrive(): Promise<void> {
    let lookAtMs = clock.nowMs() + ttlMs;
    for (;;) {
      await clock.sleep((-Math.log(1 - random.next()) / ratePerSec) * 1000);
      const reader = bench.readers[Math.floor(random.next() * instances)]!;
      reader.read(KEY).catch((error: unknown) => bench.lines.push(String(error)));
      if (clock.nowMs() < lookAtMs) continue;
      lookAtMs += ttlMs;
      const seen = counts();
      const { mean, error } = meanAndError(seen);
      measured = { loadsPerExpiry: mean, expiries: seen.length, standardError: error };
      if (seen.length >= maxExpiries || (seen.length >= FEWEST_EXPIRIES && error <= ENOUGH * mean)) return;
    }
  }
  await clock.finish(arrive());
  return measured;
}
