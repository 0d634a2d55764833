/** The age of the oldest change that a replica has not applied, from looks at the position of both logs. */
export class ReplicaLag {
  /** Positions that the primary had reached and the replica has not, with the time at which each was made. */
  #open: { position: number; madeAtMs: number }[] = [];
  #writtenTo = -Infinity;
  #lastLookMs: number | null = null;

  /**
   * The primary's log ends here. What was added since the last look was made somewhere in between: half-way is right
   * in the mean, and wrong by half the time between two looks at most.
   */
  written(position: number, atMs: number): void {
    // What lay there before the first look is of unknown age: it counts from now.
    if (position > this.#writtenTo)
      this.#open.push({ position, madeAtMs: this.#lastLookMs === null ? atMs : (this.#lastLookMs + atMs) / 2 });
    this.#writtenTo = Math.max(this.#writtenTo, position);
    this.#lastLookMs = atMs;
  }

  /** The replica has applied everything up to here. */
  applied(position: number): void {
    const still = this.#open.findIndex((one) => one.position > position);
    this.#open = still < 0 ? [] : this.#open.slice(still);
  }

  /** 0 where nothing is open; grows while the replica is not reached and the primary goes on. */
  atMs(nowMs: number): number {
    const [oldest] = this.#open;
    return oldest ? Math.max(0, nowMs - oldest.madeAtMs) : 0;
  }
}
