/**
 * Lets data through at a limited rate, in pieces of at most 100 ms. One KB is 1,000 bytes here. A rate of 0 stalls
 * the stream: data is held until the toxic changes or goes, so nothing is lost.
 */
import { PacedQueue } from './paced-queue.ts';
import { nowhere } from './stage.ts';
import type { Attributes, Chunk, Sink, Stage, StageContext, ToxicType } from './stage.ts';

const STEP_MS = 100;
const LEAST_HELD = 64 * 1024;
const MOST_HELD = 8 * 1024 * 1024;

class BandwidthStage implements Stage {
  readonly #queue: PacedQueue;
  readonly #context: StageContext;
  /** Bytes per millisecond, which is the same number as KB per second. */
  #bytesPerMs: number;
  /** When the line has sent what it was given. */
  #freeAtMs = 0;

  constructor(attributes: Attributes, context: StageContext) {
    this.#bytesPerMs = attributes['rate'] ?? 0;
    this.#context = context;
    this.#queue = new PacedQueue(nowhere, context.relieved);
  }

  get next(): Sink {
    return this.#queue.next;
  }

  set next(sink: Sink) {
    this.#queue.next = sink;
  }

  get full(): boolean {
    return this.#queue.heldBytes >= Math.min(Math.max(LEAST_HELD, this.#bytesPerMs * STEP_MS), MOST_HELD);
  }

  write(chunk: Chunk): void {
    this.#context.touch();
    this.#schedule(chunk);
  }

  #schedule(chunk: Chunk): void {
    if (this.#bytesPerMs === 0) {
      this.#queue.push(chunk, Number.POSITIVE_INFINITY);
      return;
    }
    const stepBytes = this.#bytesPerMs * STEP_MS;
    for (let from = 0; from < chunk.data.length; from += stepBytes) {
      const data = chunk.data.subarray(from, from + stepBytes);
      this.#freeAtMs = Math.max(this.#freeAtMs, performance.now()) + data.length / this.#bytesPerMs;
      this.#queue.push({ data, atMs: this.#freeAtMs }, this.#freeAtMs);
    }
  }

  end(): void {
    this.#queue.end();
  }

  update(attributes: Attributes): void {
    const held = this.#queue.takeAll();
    this.#bytesPerMs = attributes['rate'] ?? 0;
    this.#freeAtMs = 0;
    for (const chunk of held) this.#schedule(chunk);
    this.#context.relieved();
  }

  release(): void {
    this.#queue.release();
  }

  dispose(): void {
    this.#queue.dispose();
  }
}

export const bandwidth: ToxicType = {
  attributes: ['rate'],
  refuse: ({ rate = 0 }) => (rate < 0 ? 'bandwidth needs a rate of 0 or more' : null),
  start: (attributes, context) => new BandwidthStage(attributes, context),
};
