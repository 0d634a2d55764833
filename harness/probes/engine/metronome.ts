/**
 * Beats at fixed periods that do not drift. Beats that fall together come in one wake-up, one after the other: to wake
 * is most of what looking at something twenty times a second costs.
 */
import type { Clock } from '../../contract/time.ts';

/** A timer may fire this much early. */
const EARLY_MS = 1;

/** @param passedAtMs when periods before this one were due that came too late to be used, epoch ms */
export type Beat = (nowMs: number, passedAtMs: readonly number[]) => void;

interface Rhythm {
  everyMs: number;
  /** Periods from the start until the next beat. */
  periods: number;
  beat: Beat;
}

export class Metronome {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #rhythms = new Set<Rhythm>();
  #timer: NodeJS.Timeout | undefined;

  /** All periods count from now. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.nowMs();
  }

  /** Beats every so many ms, the first time as soon as the caller is done; call what it returns to end that. */
  every(everyMs: number, beat: Beat): () => void {
    const rhythm = { everyMs, periods: Math.floor((this.#clock.nowMs() - this.#startMs) / everyMs), beat };
    this.#rhythms.add(rhythm);
    this.#schedule();
    return () => {
      this.#rhythms.delete(rhythm);
      this.#schedule();
    };
  }

  #dueMs({ everyMs, periods }: Rhythm): number {
    return this.#startMs + periods * everyMs;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    let nextMs = Infinity;
    for (const rhythm of this.#rhythms) nextMs = Math.min(nextMs, this.#dueMs(rhythm));
    if (nextMs < Infinity) this.#timer = setTimeout(() => this.#wake(), Math.max(0, nextMs - this.#clock.nowMs()));
  }

  #wake(): void {
    const nowMs = this.#clock.nowMs();
    for (const rhythm of this.#rhythms) {
      const dueMs = this.#dueMs(rhythm);
      if (dueMs > nowMs + EARLY_MS) continue;
      const passed = Math.max(0, Math.floor((nowMs - dueMs) / rhythm.everyMs));
      rhythm.periods += passed + 1;
      rhythm.beat(
        nowMs,
        Array.from({ length: passed }, (_, index) => dueMs + index * rhythm.everyMs),
      );
    }
    this.#schedule();
  }
}
