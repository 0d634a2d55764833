/**
 * Time that passes only when nothing else is left to do. Sleepers wait in a heap; the clock jumps to the earliest one
 * once every microtask is drained, so that hours of traffic run in seconds and always in the same order.
 */
import type { Clock } from '../contract/time.ts';

interface Sleeper {
  atMs: number;
  /** Breaks ties: whoever lay down first wakes first. */
  order: number;
  /** Null once the sleep was aborted. */
  wake: (() => void) | null;
}

/** A clock that is driven by {@link VirtualClock.run} or {@link VirtualClock.finish}. */
export interface VirtualClock extends Clock {
  /**
   * Calls `wake` at a time of this clock: what a sleep until then does, at a fraction of its cost.
   *
   * @param atMs a time that has passed is now
   */
  at(atMs: number, wake: () => void): void;
  /**
   * Wakes sleepers in order of time until none is left, or none before `untilMs`; then it is `untilMs`.
   *
   * @param untilMs time of this clock; without it, runs until nobody sleeps
   * @throws whatever a function given to {@link VirtualClock.at} throws
   */
  run(untilMs?: number): Promise<void>;
  /**
   * Runs until `work` has settled and gives its result.
   *
   * @throws Error when nobody sleeps and `work` has still not settled: it would wait for ever
   */
  finish<T>(work: Promise<T>): Promise<T>;
}

function before(a: Sleeper, b: Sleeper): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Sleeper[], sleeper: Sleeper): void {
  let at = heap.push(sleeper) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(sleeper, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = sleeper;
}

function pop(heap: Sleeper[]): Sleeper | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
    if (!before(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}

/**
 * Runs all microtasks here and now, as Node itself does between two immediates, which is where the clock is driven
 * from. Not documented: a Node without it takes a turn of the event loop for each wake, which gives the same and costs
 * more than all that is simulated.
 */
const drainMicrotasks = (process as { _tickCallback?(): void })._tickCallback;

/** After so many wakes the real event loop gets a turn, so that time limits of a test runner still hold. */
const WAKES_PER_TURN = drainMicrotasks ? 2000 : 1;

/**
 * Makes a virtual clock.
 *
 * @param startMs the time it shows at first, default 0
 */
export function createVirtualClock(startMs = 0): VirtualClock {
  const heap: Sleeper[] = [];
  let nowMs = startMs;
  let order = 0;

  /** The earliest sleeper that was not aborted. */
  function earliest(): Sleeper | undefined {
    while (heap[0]?.wake === null) pop(heap);
    return heap[0];
  }

  /** Wakes one sleeper; false when there is none up to `untilMs`. */
  function wakeNext(untilMs: number): boolean {
    const next = earliest();
    if (next === undefined || next.atMs > untilMs) return false;
    pop(heap);
    nowMs = next.atMs;
    next.wake?.();
    return true;
  }

  /** Wakes one sleeper after the other, each when all microtasks are drained, until `ended` says so. */
  function drive(untilMs: number, ended: (idle: boolean) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        try {
          for (let wakes = 0; wakes < WAKES_PER_TURN; wakes += 1) {
            if (ended(false)) return resolve();
            if (!wakeNext(untilMs) && ended(true)) return resolve();
            drainMicrotasks?.();
          }
        } catch (error) {
          return reject(error);
        }
        setImmediate(turn);
      };
      setImmediate(turn);
    });
  }

  return {
    nowMs: () => nowMs,
    at: (atMs, wake) => push(heap, { atMs: atMs > nowMs ? atMs : nowMs, order: order++, wake }),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const sleeper: Sleeper = { atMs: ms > 0 ? nowMs + ms : nowMs, order: order++, wake: resolve };
        if (signal) {
          const abort = (): void => {
            sleeper.wake = null;
            reject(signal.reason as Error);
          };
          signal.addEventListener('abort', abort, { once: true });
          sleeper.wake = () => {
            signal.removeEventListener('abort', abort);
            resolve();
          };
        }
        push(heap, sleeper);
      }),
    async run(untilMs = Infinity) {
      await drive(untilMs, (idle) => idle);
      if (untilMs !== Infinity) nowMs = Math.max(nowMs, untilMs);
    },
    async finish<T>(work: Promise<T>): Promise<T> {
      let settled = false;
      const settle = (): void => {
        settled = true;
      };
      work.then(settle, settle);
      await drive(Infinity, (idle) => {
        if (idle && !settled)
          throw new Error(`virtual time stands still at ${nowMs} ms: nobody sleeps, yet work is unfinished`);
        return settled;
      });
      return work;
    },
  };
}
