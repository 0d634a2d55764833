/** Resets the connection (TCP RST, both ways) some time after the first data; the data is dropped. */
import { nowhere } from './stage.ts';
import type { Attributes, Sink, Stage, StageContext, ToxicType } from './stage.ts';
import { timer } from './timer.ts';

class ResetPeerStage implements Stage {
  next: Sink = nowhere;
  readonly full = false;
  readonly #context: StageContext;
  readonly #delay = timer();
  #attributes: Attributes;
  #firstAtMs: number | null = null;
  #endWaits = false;

  constructor(attributes: Attributes, context: StageContext) {
    this.#attributes = attributes;
    this.#context = context;
  }

  write(): void {
    if (this.#firstAtMs !== null) return;
    this.#firstAtMs = performance.now();
    this.#context.touch();
    this.#wait();
  }

  #wait(): void {
    const timeoutMs = this.#attributes['timeout'] ?? 0;
    if (this.#firstAtMs === null) return;
    if (timeoutMs <= 0) this.#context.reset();
    else this.#delay.at(this.#firstAtMs + timeoutMs, () => this.#context.reset());
  }

  end(): void {
    this.#endWaits = true;
    this.write();
  }

  update(attributes: Attributes): void {
    this.#attributes = attributes;
    this.#wait();
  }

  release(): void {
    this.#delay.stop();
    if (this.#endWaits) this.next.end();
  }

  dispose(): void {
    this.#delay.stop();
  }
}

export const resetPeer: ToxicType = {
  attributes: ['timeout'],
  start: (attributes, context) => new ResetPeerStage(attributes, context),
};
