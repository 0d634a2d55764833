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
   * Wakes sleepers in order of time until none is left, or none before `untilMs`; then it is `untilMs`.
   *
   * @param untilMs time of this clock; without it, runs until nobody sleeps
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

/** Lets every microtask run. A turn of the event loop comes only after the queue of microtasks is empty. */
const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

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

  return {
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const abort = (): void => {
          sleeper.wake = null;
          reject(signal?.reason as Error);
        };
        const sleeper: Sleeper = {
          atMs: nowMs + Math.max(0, ms),
          order: order++,
          wake: () => {
            signal?.removeEventListener('abort', abort);
            resolve();
          },
        };
        signal?.addEventListener('abort', abort, { once: true });
        push(heap, sleeper);
      }),
    async run(untilMs = Infinity) {
      do await drained();
      while (wakeNext(untilMs));
      if (untilMs !== Infinity) nowMs = Math.max(nowMs, untilMs);
    },
    async finish<T>(work: Promise<T>): Promise<T> {
      let settled = false;
      const settle = (): void => {
        settled = true;
      };
      work.then(settle, settle);
      for (;;) {
        await drained();
        if (settled) return work;
        if (!wakeNext(Infinity))
          throw new Error(`virtual time stands still at ${nowMs} ms: nobody sleeps, yet work is unfinished`);
      }
    },
  };
}
