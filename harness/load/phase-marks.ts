/**
 * Which phase a request belongs to: before, during or after the fault. The bounds are known only when the fault has
 * really struck, so they arrive while the load runs.
 */
import type { PhaseName } from '../contract/load.ts';

export class PhaseMarks {
  readonly #marks: { phase: PhaseName; atMs: number }[] = [];

  /** From `atMs` on, requests belong to this phase. */
  mark(phase: PhaseName, atMs: number): void {
    this.#marks.push({ phase, atMs });
    this.#marks.sort((a, b) => a.atMs - b.atMs);
  }

  /**
   * The phase by intended arrival, except that a request in flight when the fault struck belongs to `during`: it
   * could feel the fault.
   */
  phaseOf(intendedMs: number, endedMs: number): PhaseName {
    let phase: PhaseName = 'before';
    for (const mark of this.#marks) {
      if (mark.atMs <= intendedMs) phase = mark.phase;
      else if (mark.phase === 'during' && mark.atMs <= endedMs) return 'during';
    }
    return phase;
  }
}
