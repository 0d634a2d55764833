/**
 * Requests as a recorded trace has them: its times, divided by the speed, its keys and its operations. Nothing is
 * drawn, so a burst or a hot second of the recording arrives as it did then.
 */
import { HarnessError } from '../contract/errors.ts';
import type { LoadSpec } from '../contract/load.ts';
import { readTrace, type Trace } from '../kit/trace-file.ts';
import { scheduleOf, type Schedule } from './schedule.ts';

export class ReplaySource {
  /** Intended arrival, ms from the start of the load; Infinity after the last. */
  atMs = 0;
  segment = 0;
  operation = 0;
  key = 0;

  readonly #trace: Trace;
  readonly #speed: number;
  readonly #keys: number;
  readonly #read: number;
  readonly #write: number;
  readonly #schedule: Schedule;
  #next = 0;

  /**
   * @throws HarnessError BAD_PARAMETER for a trace that cannot be used; BAD_PLAN where it holds an operation that the
   *   load does not have
   */
  constructor(spec: LoadSpec) {
    const { file, speed, maxRequests, keys } = spec.replay!;
    this.#trace = readTrace(file, maxRequests);
    this.#speed = speed;
    this.#keys = keys;
    this.#schedule = scheduleOf(spec.segments);
    this.#read = spec.operations.findIndex(({ operation }) => operation === 'read-item');
    this.#write = spec.operations.findIndex(({ operation }) => operation === 'write-item');
    const reads = this.#trace.writeCount < this.#trace.writes.length;
    if ((reads && this.#read < 0) || (this.#trace.writeCount > 0 && this.#write < 0))
      throw new HarnessError(
        'BAD_PLAN',
        `load: the trace ${file} reads or writes, and the load has no operation for it`,
      );
  }

  /** Moves on to the next request and returns whether there is one before the segments end. */
  next(): boolean {
    const i = this.#next++;
    const recordedMs = this.#trace.atMs[i];
    this.atMs = recordedMs === undefined ? Infinity : recordedMs / this.#speed;
    if (this.atMs >= this.#schedule.totalMs) {
      this.atMs = Infinity;
      return false;
    }
    const starts = this.#schedule.segmentStartsMs;
    while (this.atMs >= (starts[this.segment + 1] ?? Infinity)) this.segment += 1;
    this.operation = this.#trace.writes[i] === 1 ? this.#write : this.#read;
    this.key = this.#trace.keys[i]! % this.#keys;
    return true;
  }
}
