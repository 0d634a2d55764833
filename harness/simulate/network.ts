/**
 * The way between a process and what all processes share: every operation travels there and back, each way with a
 * random delay. Like one TCP connection it keeps the order of what is sent, and what a process sent before it died
 * still arrives.
 */
import type { DeleteOptions, Entry, InvalidationListener, SetOptions, Store, Subscription } from '../contract/store.ts';
import type { Random } from '../contract/time.ts';
import type { VirtualClock } from '../kit/virtual-clock.ts';
import { type Outage, outageAt } from './outage.ts';
import type { SimulatedProcess } from './process.ts';
import type { SimulatedServer } from './server.ts';

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
  deleted?(key: string, atMs: number, options?: DeleteOptions): void;
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
  /** In which this process does not reach the other side; none where not given. */
  outages?: readonly Outage[];
  /** What has no answer by then fails, ms; counts only while there are outages, since otherwise each has one. */
  timeoutMs?: number;
}

export interface Connection {
  /**
   * Does an operation at the other side.
   *
   * @param waitMs how long the operation itself may wait there, on top of the time limit
   */
  call<R>(operation: () => Promise<R>, waitMs?: number): Promise<R>;
  /** Sends something back that nobody asked for; lost while the other side is not reached. */
  push(deliver: () => void): void;
  /** What this side finds out by itself. */
  notice(what: () => void): void;
}

export function createConnection(process: SimulatedProcess, options: NetworkOptions): Connection {
  const { world, delays, random, traffic, outages = [], timeoutMs = Infinity } = options;
  const { minMs, meanExtraMs, stallShare, stallMs } = delays;
  const varies = meanExtraMs > 0 || stallShare > 0;
  const cuts = outages.length > 0;
  /** When the last message of each direction arrives. */
  let thereMs = -Infinity;
  let backMs = -Infinity;

  if (!varies) traffic.longestDelayMs = Math.max(traffic.longestDelayMs, minMs);

  function delayMs(): number {
    if (!varies) return minMs;
    let ms = minMs + Math.min(LONGEST_TAIL, -Math.log(1 - random.next())) * meanExtraMs;
    if (stallShare > 0 && random.next() < stallShare) ms += random.next() * stallMs;
    if (ms > traffic.longestDelayMs) traffic.longestDelayMs = ms;
    return ms;
  }
  function there(arrive: () => void): void {
    const atMs = world.nowMs() + delayMs();
    if (atMs > thereMs) thereMs = atMs;
    world.at(thereMs, arrive);
  }
  function back(deliver: () => void): void {
    const atMs = world.nowMs() + delayMs();
    if (atMs > backMs) backMs = atMs;
    world.at(backMs, deliver);
  }
  /** Where every message arrives. Most of a simulation's time is spent here: hence its own short way. */
  function send<R>(operation: () => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      there(() => {
        operation().then(
          (result) =>
            back(() => {
              if (process.step()) resolve(result);
            }),
          (error: Error) =>
            back(() => {
              if (process.step()) reject(error);
            }),
        );
      });
    });
  }
  function sendThroughCuts<R>(operation: () => Promise<R>, answered: (deliver: () => void) => void): Promise<R> {
    return new Promise((resolve, reject) => {
      there(() => {
        const cut = outageAt(outages, world.nowMs());
        if (cut === 'refused' || cut === 'silent') return;
        operation().then(
          (result) => answered(() => resolve(result)),
          (error: Error) => answered(() => reject(error)),
        );
      });
    });
  }

  /** Where an answer may never come: whoever waits gives up after a while. */
  function sendOrGiveUp<R>(operation: () => Promise<R>, waitMs: number): Promise<R> {
    return new Promise((resolve, reject) => {
      let waiting = true;
      const settle = (deliver: () => void): void => {
        if (!waiting || !process.step()) return;
        waiting = false;
        deliver();
      };
      const fail = (afterMs: number, why: string): void =>
        world.at(world.nowMs() + afterMs, () => settle(() => reject(new Error(why))));
      if (outageAt(outages, world.nowMs()) === 'refused') return fail(minMs, 'Connection refused');
      fail(timeoutMs + waitMs, 'Command timed out');
      void sendThroughCuts(operation, (deliver) => {
        if (outageAt(outages, world.nowMs()) === null) back(() => settle(deliver));
      }).then(resolve, reject);
    });
  }

  return {
    notice(what) {
      if (process.step()) what();
    },
    call(operation, waitMs = 0) {
      traffic.operations += 1;
      return cuts ? sendOrGiveUp(operation, waitMs) : send(operation);
    },
    push(deliver) {
      if (cuts && outageAt(outages, world.nowMs()) !== null) return;
      back(() => {
        if (process.step()) deliver();
      });
    },
  };
}

/** The store as one process sees it over its own connection. */
export function connectStore(
  server: SimulatedServer,
  { call, push, notice }: Connection,
  { world, outages = [], timeoutMs = 0 }: NetworkOptions,
  observer?: StoreObserver,
): Store {
  const { store } = server;

  /** Who listens learns late that something was missed, and once he is reached again that nothing is any more. */
  function listen(how: 'subscribe' | 'track', listener: InvalidationListener): Promise<Subscription> {
    return call(async () => {
      const leave = await server.listen(how, {
        invalidated: (key) => push(() => listener.invalidated(key)),
        lost: () => push(() => listener.lost()),
      });
      let open = true;
      const tell = (atMs: number, what: () => void): void =>
        world.at(atMs, () => {
          if (open) notice(what);
        });
      for (const { fromMs, untilMs, kind } of outages) {
        if (untilMs <= world.nowMs()) continue;
        tell(Math.min(untilMs, fromMs + (kind === 'refused' ? 0 : timeoutMs)), () => listener.lost());
        tell(untilMs, () => listener.restored?.());
      }
      return {
        close() {
          open = false;
          return call(leave);
        },
      };
    });
  }

  return {
    id: store.id,
    capabilities: store.capabilities,
    get: (key) => call(() => server.store.get(key)),
    set: (entry, set) =>
      call(async () => {
        const stored = await server.store.set(entry, set);
        observer?.set?.(entry, set, stored, world.nowMs());
        return stored;
      }),
    delete: (key, how) =>
      call(async () => {
        await server.store.delete(key, how);
        observer?.deleted?.(key, world.nowMs(), how);
      }),
    lock: (key, token, ttlMs) => call(() => server.store.lock(key, token, ttlMs)),
    unlock: (key, token) => call(() => server.store.unlock(key, token)),
    ...(store.lease && {
      // The store's clock is the world's, and the moment that counts is the reader's own.
      lease: (key, token, leaseMs, nowMs) => call(() => server.store.lease!(key, token, leaseMs, nowMs)),
    }),
    ...(store.endLease && { endLease: (key, token) => call(() => server.store.endLease!(key, token)) }),
    ...(store.subscribe && { subscribe: (listener) => listen('subscribe', listener) }),
    ...(store.announce && { announce: (key) => call(() => server.store.announce!(key)) }),
    ...(store.track && { track: (listener) => listen('track', listener) }),
  };
}
