/**
 * Latency histograms by phase, operation, outcome and cache outcome. A fault's exact time is known only after it has
 * struck, so ended requests wait a few seconds in columns before they are counted into a phase; they are counted one
 * or two at a time, so that no batch of them ever holds up the sending.
 */
import { CACHE_OUTCOMES } from '../contract/defence.ts';
import type { HistogramRecord, PhaseName } from '../contract/load.ts';
import { REQUEST_OUTCOMES, type OperationId } from '../contract/operation.ts';
import { encodeHistogram, type Histogram } from '../kit/histogram.ts';
import { createHistogram, recordUs } from '../kit/recording-histogram.ts';
import { PhaseMarks } from './phase-marks.ts';

/** How late a mark may come. */
const GRACE_MS = 5000;
const PHASES: readonly PhaseName[] = ['before', 'during', 'after'];
const CLOCKS = ['intended', 'service'] as const;
const CACHE_CASES = CACHE_OUTCOMES.length + 1;

export class PhasedHistograms {
  readonly marks = new PhaseMarks();
  readonly #operations: readonly OperationId[];
  readonly #combinations: number;
  readonly #histograms: (Histogram | undefined)[] = [];

  #capacity = 1 << 12;
  #head = 0;
  #size = 0;
  #intendedMs = new Float64Array(this.#capacity);
  #endedMs = new Float64Array(this.#capacity);
  #latencyUs = new Float64Array(this.#capacity);
  #serviceUs = new Float64Array(this.#capacity);
  #combination = new Uint16Array(this.#capacity);

  constructor(operations: readonly OperationId[]) {
    this.#operations = operations;
    this.#combinations = operations.length * REQUEST_OUTCOMES.length * CACHE_CASES;
  }

  /**
   * Takes an ended request. Operation, outcome and cache outcome are indexes into their tables, `cacheOutcome` -1 for
   * none; `serviceUs` is negative where the request never reached a connection.
   */
  add(
    intendedMs: number,
    endedMs: number,
    latencyUs: number,
    serviceUs: number,
    operation: number,
    outcome: number,
    cacheOutcome: number,
  ): void {
    if (this.#size === this.#capacity) this.#grow();
    const i = (this.#head + this.#size) & (this.#capacity - 1);
    this.#intendedMs[i] = intendedMs;
    this.#endedMs[i] = endedMs;
    this.#latencyUs[i] = latencyUs;
    this.#serviceUs[i] = serviceUs;
    this.#combination[i] = (operation * REQUEST_OUTCOMES.length + outcome) * CACHE_CASES + cacheOutcome + 1;
    this.#size += 1;
    for (let n = 0; n < 2 && this.#size > 0 && this.#endedMs[this.#head]! < endedMs - GRACE_MS; n++) this.#countOne();
  }

  /** Counts what still waits and encodes everything. The histograms are freed: this is the end. */
  finish(): HistogramRecord[] {
    while (this.#size > 0) this.#countOne();
    const records: HistogramRecord[] = [];
    for (const [index, histogram] of this.#histograms.entries()) {
      if (histogram === undefined) continue;
      const combination = index % this.#combinations;
      const clockAndPhase = Math.floor(index / this.#combinations);
      const cacheCase = combination % CACHE_CASES;
      const operationAndOutcome = Math.floor(combination / CACHE_CASES);
      records.push({
        phase: PHASES[clockAndPhase >> 1]!,
        operation: this.#operations[Math.floor(operationAndOutcome / REQUEST_OUTCOMES.length)]!,
        outcome: REQUEST_OUTCOMES[operationAndOutcome % REQUEST_OUTCOMES.length]!,
        cacheOutcome: cacheCase === 0 ? null : CACHE_OUTCOMES[cacheCase - 1]!,
        clock: CLOCKS[clockAndPhase & 1]!,
        count: histogram.totalCount,
        hdr: encodeHistogram(histogram),
      });
      histogram.destroy();
    }
    this.#histograms.length = 0;
    return records;
  }

  #countOne(): void {
    const i = this.#head;
    this.#head = (i + 1) & (this.#capacity - 1);
    this.#size -= 1;
    const phase = PHASES.indexOf(this.marks.phaseOf(this.#intendedMs[i]!, this.#endedMs[i]!));
    const combination = this.#combination[i]!;
    recordUs(this.#histogram(phase * 2, combination), this.#latencyUs[i]!);
    if (this.#serviceUs[i]! >= 0) recordUs(this.#histogram(phase * 2 + 1, combination), this.#serviceUs[i]!);
  }

  #histogram(clockAndPhase: number, combination: number): Histogram {
    return (this.#histograms[clockAndPhase * this.#combinations + combination] ??= createHistogram());
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    const unroll = <A extends Float64Array | Uint16Array>(old: A, fresh: A): A => {
      fresh.set(old.subarray(this.#head));
      fresh.set(old.subarray(0, this.#head), this.#capacity - this.#head);
      return fresh;
    };
    this.#intendedMs = unroll(this.#intendedMs, new Float64Array(capacity));
    this.#endedMs = unroll(this.#endedMs, new Float64Array(capacity));
    this.#latencyUs = unroll(this.#latencyUs, new Float64Array(capacity));
    this.#serviceUs = unroll(this.#serviceUs, new Float64Array(capacity));
    this.#combination = unroll(this.#combination, new Uint16Array(capacity));
    this.#head = 0;
    this.#capacity = capacity;
  }
}
