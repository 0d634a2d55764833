/**
 * Drops all data and closes the connection when none has come for a while; 0 never closes, which is a black hole.
 * What was dropped cannot be brought back, so taking the toxic away closes every link it was on.
 */
import { nowhere } from './stage.ts';
import type { Attributes, Sink, Stage, StageContext, ToxicType } from './stage.ts';
import { timer } from './timer.ts';

class TimeoutStage implements Stage {
  next: Sink = nowhere;
  readonly full = false;
  readonly #context: StageContext;
  readonly #silence = timer();
  #attributes: Attributes;
  #ended = false;

  constructor(attributes: Attributes, context: StageContext) {
    this.#attributes = attributes;
    this.#context = context;
    this.#wait();
  }

  #wait(): void {
    this.#silence.stop();
    const timeoutMs = this.#attributes['timeout'] ?? 0;
    if (timeoutMs <= 0 || this.#ended) return;
    this.#silence.at(performance.now() + timeoutMs, () => {
      this.#context.touch();
      this.end();
    });
  }

  write(): void {
    this.#context.touch();
    this.#wait();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#silence.stop();
    this.next.end();
  }

  update(attributes: Attributes): void {
    this.#attributes = attributes;
    this.#wait();
  }

  release(): void {
    this.#silence.stop();
  }

  dispose(): void {
    this.#silence.stop();
  }
}

export const timeout: ToxicType = {
  attributes: ['timeout'],
  removalCloses: true,
  start: (attributes, context) => new TimeoutStage(attributes, context),
};
