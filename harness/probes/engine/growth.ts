/**
 * Keeps a counter growing when the server that counts is restarted and begins at zero again, so that totals and rates
 * stay true: only what was counted between the last sample and the restart is missing. A small fall is no restart:
 * pg_stat_statements drops its rarest entries when it is full.
 */
export class Growth {
  #base = 0;
  #last = 0;

  /** What {@link of} last returned; 0 before. */
  get total(): number {
    return this.#base + this.#last;
  }

  /** The counter as if it had never begun again. */
  of(value: number): number {
    if (value < this.#last) this.#base += value < this.#last / 2 ? this.#last : this.#last - value;
    this.#last = value;
    return this.total;
  }
}
