/**
 * Delays data. The delay counts from the moment a chunk was received, so messages that were sent one after the other
 * overlap on the way, as on a long line; the order is kept. Removal lets everything go at once.
 */
import { PacedQueue } from './paced-queue.ts';
import { nowhere } from './stage.ts';
import type { Attributes, Chunk, Sink, Stage, StageContext, ToxicType } from './stage.ts';

/** As much as the real one holds: 1,024 buffers of 32 KiB. */
const MOST_CHUNKS = 1024;
const MOST_BYTES = MOST_CHUNKS * 32 * 1024;

class LatencyStage implements Stage {
  readonly #queue: PacedQueue;
  readonly #context: StageContext;
  #attributes: Attributes;
  #lastDueMs = 0;

  constructor(attributes: Attributes, context: StageContext) {
    this.#attributes = attributes;
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
    return this.#queue.heldChunks >= MOST_CHUNKS || this.#queue.heldBytes >= MOST_BYTES;
  }

  write(chunk: Chunk): void {
    this.#context.touch();
    const { latency = 0, jitter = 0 } = this.#attributes;
    // Whole milliseconds in [-jitter, jitter), as Toxiproxy draws them.
    const shift = jitter > 0 ? Math.floor(this.#context.random.next() * jitter * 2) - jitter : 0;
    const dueMs = Math.max(chunk.atMs + latency + shift, chunk.atMs, this.#lastDueMs);
    this.#lastDueMs = dueMs;
    this.#queue.push({ data: chunk.data, atMs: dueMs }, dueMs);
  }

  end(): void {
    this.#queue.end();
  }

  update(attributes: Attributes): void {
    // What is under way leaves now; the new delay is for what comes.
    this.#attributes = attributes;
    this.#lastDueMs = 0;
    this.#queue.release();
  }

  release(): void {
    this.#queue.release();
  }

  dispose(): void {
    this.#queue.dispose();
  }
}

export const latency: ToxicType = {
  attributes: ['latency', 'jitter'],
  start: (attributes, context) => new LatencyStage(attributes, context),
};
