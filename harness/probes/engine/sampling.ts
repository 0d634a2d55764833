/**
 * Takes samples at a fixed period, each with the time at which it was really taken. A period in which the observed part
 * was away gives a sample without values; one that the probe itself could not keep is lost.
 */
import { messageOf } from '../../contract/errors.ts';
import type { Sampler } from '../../contract/probe.ts';
import type { Clock } from '../../contract/time.ts';
import { Metronome } from './metronome.ts';
import type { RawSample } from './window.ts';

export class Sampling {
  readonly samples: RawSample[] = [];
  /** When samples were lost, epoch ms. */
  readonly lostAtMs: number[] = [];
  /** The last reason why the probe itself failed. */
  error: string | null = null;

  readonly #sampler: Sampler;
  readonly #clock: Clock;
  readonly #endBeats: () => void;
  #running: Promise<void> | null = null;
  /** Periods that passed while the sample before them was still on its way. */
  #passedAtMs: number[] = [];

  /**
   * Starts at once.
   *
   * @param metronome samplings that share it wake together, which costs less
   */
  constructor(sampler: Sampler, everyMs: number, clock: Clock, metronome = new Metronome(clock)) {
    this.#sampler = sampler;
    this.#clock = clock;
    this.#endBeats = metronome.every(everyMs, (nowMs, passedAtMs) => {
      this.lostAtMs.push(...passedAtMs);
      if (this.#running) this.#passedAtMs.push(nowMs);
      else
        this.#running = this.#take().finally(() => {
          this.#running = null;
        });
    });
  }

  /** Takes one more sample, so that the end of the recorded part lies between two, and ends. */
  async stop(): Promise<void> {
    this.#endBeats();
    await this.#running;
    await this.#take();
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
