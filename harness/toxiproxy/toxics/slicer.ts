/**
 * Cuts data into small pieces, with a pause after each, as a network with a small MTU or a slow sender does. Shows
 * clients that take one read for one message.
 */
import type { Random } from '../../contract/time.ts';
import { PacedQueue } from './paced-queue.ts';
import { nowhere } from './stage.ts';
import type { Attributes, Chunk, Sink, Stage, StageContext, ToxicType } from './stage.ts';

const MOST_HELD = 64 * 1024;

/**
 * Where to cut: halves, each shifted at random, until a piece is at most average + variation.
 *
 * @param size bytes to cut, more than 0
 * @returns the end of each piece, rising, the last one equal to `size`
 */
export function cutPoints(size: number, average: number, variation: number, random: Random): number[] {
  const ends: number[] = [];
  const cut = (from: number, to: number): void => {
    if (to - from <= average + variation) {
      if (to > from) ends.push(to);
      return;
    }
    const shift = variation > 0 ? Math.floor(random.next() * variation * 2) - variation : 0;
    const middle = from + Math.floor((to - from) / 2) + shift;
    cut(from, middle);
    cut(middle, to);
  };
  cut(0, size);
  return ends;
}

class SlicerStage implements Stage {
  readonly #queue: PacedQueue;
  readonly #context: StageContext;
  #attributes: Attributes;
  #freeAtMs = 0;

  constructor(attributes: Attributes, context: StageContext) {
    this.#attributes = attributes;
    this.#context = context;
    this.#queue = new PacedQueue(nowhere, context.relieved, true);
  }

  get next(): Sink {
    return this.#queue.next;
  }

  set next(sink: Sink) {
    this.#queue.next = sink;
  }

  get full(): boolean {
    return this.#queue.heldBytes >= MOST_HELD;
  }

  write(chunk: Chunk): void {
    const { average_size: average = 1, size_variation: variation = 0, delay: delayUs = 0 } = this.#attributes;
    const ends = cutPoints(chunk.data.length, average, variation, this.#context.random);
    if (ends.length > 1 || delayUs > 0) this.#context.touch();
    let from = 0;
    for (const to of ends) {
      const dueMs = Math.max(this.#freeAtMs, performance.now());
      this.#freeAtMs = dueMs + Math.max(delayUs, 0) / 1000;
      this.#queue.push({ data: chunk.data.subarray(from, to), atMs: dueMs }, dueMs);
      from = to;
    }
  }

  end(): void {
    this.#queue.end();
  }

  update(attributes: Attributes): void {
    this.#attributes = attributes;
    this.#freeAtMs = 0;
    this.#queue.release();
  }

  release(): void {
    this.#queue.release();
  }

  dispose(): void {
    this.#queue.dispose();
  }
}

export const slicer: ToxicType = {
  attributes: ['average_size', 'size_variation', 'delay'],
  refuse: ({ average_size: average = 0, size_variation: variation = 0 }) => {
    if (average < 1) return 'slicer needs an average_size of 1 or more';
    if (variation < 0) return 'slicer needs a size_variation of 0 or more';
    if (variation > average) return 'slicer needs a size_variation that is not above average_size';
    return null;
  },
  start: (attributes, context) => new SlicerStage(attributes, context),
};
