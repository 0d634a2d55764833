/**
 * How much of a core a generator needs for its work. The open loop spins while it waits, which the operating system
 * counts as use; rounds in which nothing was done are taken off, or every generator would look saturated.
 */
const LONGEST_IDLE_ROUND_MS = 0.1;

export class CpuMeter {
  /** Shares of one core by second, oldest first. */
  readonly shares: number[] = [];
  #idleMs = 0;
  #lastIdleMs = 0;
  #lastCpu = process.cpuUsage();
  #lastAtMs = performance.now();

  /**
   * An idle round of the spinning loop. One takes some ten microseconds; in a longer one the process was not running,
   * and what it did not use must not be taken off.
   */
  addIdle(roundMs: number): void {
    this.#idleMs += Math.min(roundMs, LONGEST_IDLE_ROUND_MS);
  }

  /** Closes a second. */
  sample(keep: boolean): void {
    const atMs = performance.now();
    const wallMs = atMs - this.#lastAtMs;
    const cpu = process.cpuUsage(this.#lastCpu);
    const usedMs = (cpu.user + cpu.system) / 1000 - (this.#idleMs - this.#lastIdleMs);
    if (keep && wallMs > 0) this.shares.push(Math.max(0, usedMs / wallMs));
    this.#lastCpu = process.cpuUsage();
    this.#lastAtMs = atMs;
    this.#lastIdleMs = this.#idleMs;
  }
}
