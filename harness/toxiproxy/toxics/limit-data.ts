/** Closes the connection when so many bytes have passed. The count goes on through updates of the limit. */
import { nowhere } from './stage.ts';
import type { Attributes, Chunk, Sink, Stage, StageContext, ToxicType } from './stage.ts';

class LimitDataStage implements Stage {
  next: Sink = nowhere;
  readonly full = false;
  readonly #context: StageContext;
  #limit: number;
  #passed = 0;
  #ended = false;

  constructor(attributes: Attributes, context: StageContext) {
    this.#limit = attributes['bytes'] ?? 0;
    this.#context = context;
  }

  write(chunk: Chunk): void {
    if (this.#ended) return;
    const left = Math.max(0, this.#limit - this.#passed);
    const data = chunk.data.length > left ? chunk.data.subarray(0, left) : chunk.data;
    this.#passed += data.length;
    if (data.length > 0) this.next.write({ data, atMs: chunk.atMs });
    if (this.#passed < this.#limit) return;
    this.#context.touch();
    this.end();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.next.end();
  }

  update(attributes: Attributes): void {
    this.#limit = attributes['bytes'] ?? 0;
  }

  release(): void {}

  dispose(): void {}
}

export const limitData: ToxicType = {
  attributes: ['bytes'],
  start: (attributes, context) => new LimitDataStage(attributes, context),
};
