/**
 * A queue in which every chunk has a time to leave. Latency, bandwidth and slicer differ only in how they choose that
 * time. One timer for the head of the queue; a chunk never overtakes another, and the end comes after the last chunk.
 */
import type { Chunk, Sink } from './stage.ts';

/** The longest delay that Node's timers take. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Waiting {
  chunk: Chunk;
  dueMs: number;
}

export class PacedQueue {
  heldBytes = 0;
  /** Where chunks go. */
  next: Sink;
  readonly #fine: boolean;
  readonly #relieved: () => void;
  #waiting: Waiting[] = [];
  #head = 0;
  #ended = false;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;

  /**
   * @param next where chunks go
   * @param relieved called after chunks have left
   * @param fine true to wait for parts of a millisecond by turning the event loop, which costs CPU
   */
  constructor(next: Sink, relieved: () => void, fine = false) {
    this.next = next;
    this.#relieved = relieved;
    this.#fine = fine;
  }

  get heldChunks(): number {
    return this.#waiting.length - this.#head;
  }

  /** Appends a chunk. `dueMs` is of `performance.now()`; `Infinity` holds it until the queue is released. */
  push(chunk: Chunk, dueMs: number): void {
    if (this.heldChunks === 0 && dueMs <= performance.now()) {
      this.next.write(chunk);
      return;
    }
    this.#waiting.push({ chunk, dueMs });
    this.heldBytes += chunk.data.length;
    this.#arm();
  }

  /** Ends the output once the last chunk has left. */
  end(): void {
    this.#ended = true;
    if (this.heldChunks === 0) this.next.end();
  }

  /** Takes out everything that waits, so that it can be given new times. */
  takeAll(): Chunk[] {
    const chunks = this.#waiting.slice(this.#head).map((one) => one.chunk);
    this.#clear();
    return chunks;
  }

  /** Hands on everything at once, and the end if it was waiting. */
  release(): void {
    const endWaits = this.#ended && this.heldChunks > 0;
    for (const chunk of this.takeAll()) this.next.write(chunk);
    if (endWaits) this.next.end();
  }

  dispose(): void {
    this.#clear();
    this.#ended = false;
  }

  #clear(): void {
    this.#waiting = [];
    this.#head = 0;
    this.heldBytes = 0;
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#immediate) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
  }

  #arm(): void {
    if (this.#timer || this.#immediate) return;
    const first = this.#waiting[this.#head];
    if (!first || first.dueMs === Number.POSITIVE_INFINITY) return;
    const waitMs = first.dueMs - performance.now();
    if (waitMs < 1 && (this.#fine || waitMs <= 0)) this.#immediate = setImmediate(this.#onTime);
    else this.#timer = setTimeout(this.#onTime, Math.min(Math.ceil(waitMs), LONGEST_TIMER_MS));
  }

  readonly #onTime = (): void => {
    this.#timer = null;
    this.#immediate = null;
    const nowMs = performance.now();
    for (;;) {
      const first = this.#waiting[this.#head];
      if (!first || first.dueMs > nowMs) break;
      this.#head++;
      this.heldBytes -= first.chunk.data.length;
      this.next.write(first.chunk);
    }
    if (this.#head > 512 && this.#head * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    this.#relieved();
    if (this.heldChunks > 0) this.#arm();
    else {
      this.#waiting = [];
      this.#head = 0;
      if (this.#ended) this.next.end();
    }
  };
}
