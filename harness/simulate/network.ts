/**
 * The way between a process and the shared store: every operation travels there and back, each way with a random
 * delay. Like one TCP connection it keeps the order of what is sent, and what a process sent before it died still
 * arrives.
 */
import type { Entry, SetOptions, Store } from '../contract/store.ts';
import type { Random } from '../contract/time.ts';
import type { VirtualClock } from '../kit/virtual-clock.ts';
import type { SimulatedProcess } from './process.ts';

/**
 * One-way delays, ms: at least `minMs`, exponential above that up to eight times its mean, and now and then a stall of
 * up to `stallMs`.
 */
export interface NetworkDelays {
  minMs: number;
  meanExtraMs: number;
  /** Share of messages that stall. */
  stallShare: number;
  stallMs: number;
}

/** The exponential part of a delay is cut at this many times its mean, so that no message is lost for ever. */
const LONGEST_TAIL = 8;

/** What is seen of the store at the moment at which something happens inside it. */
export interface StoreObserver {
  /** `stored` is false where a condition refused the entry. */
  set?(entry: Entry<unknown>, options: SetOptions, stored: boolean, atMs: number): void;
  deleted?(key: string, atMs: number): void;
}

/** What went over all connections. */
export interface NetworkCounts {
  operations: number;
  /** The longest one-way delay that was drawn: no message took longer, also where it must not overtake another. */
  longestDelayMs: number;
}

export interface NetworkOptions {
  world: VirtualClock;
  delays: NetworkDelays;
  random: Random;
  traffic: NetworkCounts;
  observer?: StoreObserver;
}

/** The store as one process sees it over its own connection. */
export function connectStore(inner: Store, process: SimulatedProcess, options: NetworkOptions): Store {
  const { world, delays, random, traffic, observer } = options;
  const { minMs, meanExtraMs, stallShare, stallMs } = delays;
  const varies = meanExtraMs > 0 || stallShare > 0;
  /** When the last message of each direction arrives: a later one does not overtake it. */
  let thereMs = 0;
  let backMs = 0;

  if (!varies) traffic.longestDelayMs = Math.max(traffic.longestDelayMs, minMs);

  function delayMs(): number {
    if (!varies) return minMs;
    let ms = minMs + Math.min(LONGEST_TAIL, -Math.log(1 - random.next())) * meanExtraMs;
    if (stallShare > 0 && random.next() < stallShare) ms += random.next() * stallMs;
    if (ms > traffic.longestDelayMs) traffic.longestDelayMs = ms;
    return ms;
  }
  function back(deliver: () => void): void {
    backMs = Math.max(backMs, world.nowMs() + delayMs());
    world.at(backMs, () => {
      if (process.step()) deliver();
    });
  }
  function call<R>(operation: () => Promise<R>): Promise<R> {
    traffic.operations += 1;
    return new Promise((resolve, reject) => {
      thereMs = Math.max(thereMs, world.nowMs() + delayMs());
      world.at(thereMs, () => {
        operation().then(
          (result) => back(() => resolve(result)),
          (error: Error) => back(() => reject(error)),
        );
      });
    });
  }

  const { lease, subscribe, announce } = inner;
  return {
    id: inner.id,
    capabilities: inner.capabilities,
    get: (key) => call(() => inner.get(key)),
    set: (entry, set) =>
      call(async () => {
        const stored = await inner.set(entry, set);
        observer?.set?.(entry, set, stored, world.nowMs());
        return stored;
      }),
    delete: (key, how) =>
      call(async () => {
        await inner.delete(key, how);
        observer?.deleted?.(key, world.nowMs());
      }),
    lock: (key, token, ttlMs) => call(() => inner.lock(key, token, ttlMs)),
    unlock: (key, token) => call(() => inner.unlock(key, token)),
    ...(lease && {
      // The store's clock is the world's, and the moment that counts is the reader's own.
      lease: (key, token, leaseMs, nowMs) => call(() => inner.lease!(key, token, leaseMs, nowMs)),
    }),
    ...(subscribe && {
      subscribe: (listener) =>
        call(async () => {
          const subscription = await inner.subscribe!({
            invalidated: (key) => back(() => listener.invalidated(key)),
            lost: () => back(() => listener.lost()),
          });
          return { close: () => call(() => subscription.close()) };
        }),
    }),
    ...(announce && { announce: (key) => call(() => inner.announce!(key)) }),
  };
}
