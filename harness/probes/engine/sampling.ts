/**
 * Takes samples at a fixed period that does not drift, each with the time at which it was really taken. A period in
 * which the observed part was away gives a sample without values; one that the probe itself could not keep is lost.
 */
import { messageOf } from '../../contract/errors.ts';
import type { Sampler } from '../../contract/probe.ts';
import type { Clock } from '../../contract/time.ts';
import type { RawSample } from './window.ts';

export class Sampling {
  readonly samples: RawSample[] = [];
  /** When samples were lost, epoch ms. */
  readonly lostAtMs: number[] = [];
  /** The last reason why the probe itself failed. */
  error: string | null = null;

  readonly #sampler: Sampler;
  readonly #everyMs: number;
  readonly #clock: Clock;
  readonly #startMs: number;
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;
  #running: Promise<void> | null = null;
  /** Periods that passed while the sample before them was still on its way. */
  #passedAtMs: number[] = [];

  /**
   * Starts at once.
   *
   * @param startMs from which periods count; samplings that share it wake together, which costs less
   */
  constructor(sampler: Sampler, everyMs: number, clock: Clock, startMs = clock.nowMs()) {
    this.#sampler = sampler;
    this.#everyMs = everyMs;
    this.#clock = clock;
    this.#startMs = startMs;
    this.#schedule();
  }

  /** Takes one more sample, so that the end of the recorded part lies between two, and ends. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
    await this.#take();
  }

  #schedule(): void {
    const dueMs = this.#startMs + this.#tick * this.#everyMs;
    this.#timer = setTimeout(() => this.#onTick(dueMs), Math.max(0, dueMs - this.#clock.nowMs()));
  }

  #onTick(dueMs: number): void {
    const nowMs = this.#clock.nowMs();
    // Timers may fire a little early; what is more than a period late has skipped whole samples.
    const skipped = Math.max(0, Math.floor((nowMs - dueMs) / this.#everyMs));
    for (let one = 0; one < skipped; one++) this.lostAtMs.push(dueMs + one * this.#everyMs);
    this.#tick += skipped + 1;
    if (this.#running) this.#passedAtMs.push(nowMs);
    else
      this.#running = this.#take().finally(() => {
        this.#running = null;
      });
    this.#schedule();
  }

  async #take(): Promise<void> {
    const askedMs = this.#clock.nowMs();
    try {
      const values = await this.#sampler.sample();
      const all = Object.values(values);
      this.samples.push({ atMs: (askedMs + this.#clock.nowMs()) / 2, values });
      // Where nothing could be read the observed part was away, and waiting for it lost nothing.
      if (all.length === 0 || all.some((value) => value !== null)) this.lostAtMs.push(...this.#passedAtMs);
    } catch (error) {
      this.error = messageOf(error);
      this.lostAtMs.push(askedMs, ...this.#passedAtMs);
    }
    this.#passedAtMs = [];
  }
}
