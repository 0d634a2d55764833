/**
 * Time and chance as things that are handed over. Nothing that is measured reads the clock or draws a number by
 * itself, so the same code runs on a real machine, in a unit test and in virtual time.
 */

/** A source of time. */
export interface Clock {
  /** Milliseconds since the epoch, with a fraction, never going back. */
  nowMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A seeded source of chance. */
export interface Random {
  /** The next number in [0, 1). */
  next(): number;
}

/** Where a component writes what a person may need when something went wrong. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}
