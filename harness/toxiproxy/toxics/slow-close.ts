/** Passes data as it comes and delays the closing of the connection only. */
import { nowhere } from './stage.ts';
import type { Attributes, Chunk, Sink, Stage, StageContext, ToxicType } from './stage.ts';
import { timer } from './timer.ts';

class SlowCloseStage implements Stage {
  next: Sink = nowhere;
  readonly full = false;
  readonly #context: StageContext;
  readonly #delay = timer();
  #attributes: Attributes;
  #endedAtMs: number | null = null;

  constructor(attributes: Attributes, context: StageContext) {
    this.#attributes = attributes;
    this.#context = context;
  }

  write(chunk: Chunk): void {
    this.next.write(chunk);
  }

  end(): void {
    if (this.#endedAtMs !== null) return;
    this.#context.touch();
    this.#endedAtMs = performance.now();
    this.#wait();
  }

  #wait(): void {
    if (this.#endedAtMs === null) return;
    this.#delay.at(this.#endedAtMs + (this.#attributes['delay'] ?? 0), () => this.next.end());
  }

  update(attributes: Attributes): void {
    this.#attributes = attributes;
    if (this.#delay.waiting) this.#wait();
  }

  release(): void {
    if (!this.#delay.waiting) return;
    this.#delay.stop();
    this.next.end();
  }

  dispose(): void {
    this.#delay.stop();
  }
}

export const slowClose: ToxicType = {
  attributes: ['delay'],
  start: (attributes, context) => new SlowCloseStage(attributes, context),
};
