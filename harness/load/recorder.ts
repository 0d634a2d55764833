/**
 * What a generator process keeps of the requests it sends: counts by slot, histograms by phase, writes, examples and
 * its own lag. Both engines write into it, so that an open and a closed loop leave the same evidence. Requests of
 * warm-up segments leave nothing but their writes, which checks must know of.
 */
import { CACHE_OUTCOMES, type CacheOutcome } from '../contract/defence.ts';
import type { LoadSpec, PhaseName, VersionReads, WriteRecord } from '../contract/load.ts';
import { ERROR_OUTCOMES, REQUEST_OUTCOMES, type RequestOutcome } from '../contract/operation.ts';
import { encodeHistogram, type Histogram } from '../kit/histogram.ts';
import { createHistogram, recordUs } from '../kit/recording-histogram.ts';
import { writeStatus } from './classify.ts';
import { bucketOf, LATENCY_BUCKETS } from './latency-buckets.ts';
import type { Example, GeneratorReport, ProgressReport } from './messages.ts';
import { PhasedHistograms } from './phased-histograms.ts';
import { scheduleOf, type Schedule } from './schedule.ts';
import { SlotTable } from './slot-table.ts';

/** A slot shows a stampede; slots of a run of hours must not fill the memory: 6,000 at most up to 100 minutes. */
const SLOT_MS = [100, 1000, 10_000];
const MOST_SLOTS = 6000;
const MAX_EXAMPLES_PER_OUTCOME = 4;
/** Of one process: some 20 MB. */
const MOST_VERSION_READS = 500_000;

/** A request as it ended. Times are ms from the start of the load. */
export interface EndedRequest {
  /** Index into `spec.operations`. */
  operation: number;
  key: number;
  user: number;
  id: string;
  segment: number;
  /** Intended arrival. */
  atMs: number;
  /** Actual send; negative where it never reached a connection. */
  sentAtMs: number;
  endedAtMs: number;
  outcome: RequestOutcome;
  cacheOutcome: CacheOutcome | null;
  /** What was wrong, for the examples. */
  detail: string;
  /** Of the answer, where the operation records versions; -1 where it told none. */
  version?: number;
}

export class Recorder {
  readonly #spec: LoadSpec;
  readonly #schedule: Schedule;
  readonly #slots: SlotTable;
  readonly #histograms: PhasedHistograms;
  readonly #lag: Histogram = createHistogram();
  readonly #recorded: readonly boolean[];
  readonly #recordWrites: readonly boolean[];
  readonly #writes: WriteRecord[] = [];
  readonly #recordVersions: readonly boolean[];
  readonly #versionReads: VersionReads = { key: [], version: [], user: [], sentMs: [], endedMs: [], dropped: 0 };
  readonly #examples: Example[] = [];
  readonly #examplesByOutcome = new Map<RequestOutcome, number>();
  #window: ProgressReport = { offered: 0, completed: 0, errors: 0, latencyCounts: emptyCounts() };

  /** @param slotMs by default 100 ms, and more for runs of more than 10 minutes */
  constructor(spec: LoadSpec, slotMs?: number) {
    this.#spec = spec;
    this.#schedule = scheduleOf(spec.segments);
    const recordedMs = this.#schedule.recordedToMs - this.#schedule.recordedFromMs;
    slotMs ??= SLOT_MS.find((ms) => recordedMs / ms <= MOST_SLOTS) ?? SLOT_MS.at(-1)!;
    this.#slots = new SlotTable(this.#schedule.recordedFromMs, slotMs);
    this.#histograms = new PhasedHistograms(spec.operations.map(({ operation }) => operation));
    this.#recorded = spec.segments.map((segment) => segment.recorded);
    this.#recordWrites = spec.operations.map(({ request }) => request.recordWrites ?? false);
    this.#recordVersions = spec.operations.map(({ recordVersions }) => recordVersions ?? false);
  }

  /** A request that was due and is being sent. `lagMs` is how late the generator came to it; `inFlight` counts it. */
  sent(segment: number, atMs: number, lagMs: number, inFlight: number): void {
    this.#window.offered += 1;
    if (!this.#recorded[segment]) return;
    this.#slots.sent(atMs, inFlight);
    recordUs(this.#lag, lagMs * 1000);
  }

  /** A request that was due and could not be sent for the cap on requests in flight. */
  dropped(segment: number, atMs: number, inFlight: number): void {
    this.#window.offered += 1;
    if (this.#recorded[segment]) this.#slots.dropped(atMs, inFlight);
  }

  /** True while examples of this outcome are still wanted. */
  wantsExample(outcome: RequestOutcome): boolean {
    return ERROR_OUTCOMES.has(outcome) && (this.#examplesByOutcome.get(outcome) ?? 0) < MAX_EXAMPLES_PER_OUTCOME;
  }

  ended(request: EndedRequest): void {
    const { operation, segment, atMs, sentAtMs, endedAtMs, outcome } = request;
    const wasSent = sentAtMs >= 0;
    const isTimeout = outcome === 'timeout';
    const timeoutUs = this.#spec.timeoutMs * 1000;
    // The client gave up at the timeout; that its timer fired a little later is not the target's latency.
    const latencyUs = isTimeout ? timeoutUs : (endedAtMs - atMs) * 1000;
    const serviceUs = wasSent ? (endedAtMs - sentAtMs) * 1000 : -1;
    const bucket = bucketOf(latencyUs);

    this.#window.completed += 1;
    this.#window.latencyCounts[bucket]! += 1;
    if (ERROR_OUTCOMES.has(outcome)) this.#window.errors += 1;
    if (this.#recordWrites[operation]) this.#keepWrite(request, wasSent);
    if (this.wantsExample(outcome)) this.#keepExample(request);
    if (!this.#recorded[segment]) return;
    if (this.#recordVersions[operation] && !this.#recordWrites[operation] && outcome === 'ok') this.#keepRead(request);

    const outcomeIndex = REQUEST_OUTCOMES.indexOf(outcome);
    const cacheIndex = request.cacheOutcome === null ? -1 : CACHE_OUTCOMES.indexOf(request.cacheOutcome);
    this.#slots.completed(atMs, outcomeIndex, cacheIndex, bucket);
    this.#histograms.add(
      atMs,
      endedAtMs,
      latencyUs,
      isTimeout && wasSent ? Math.min(serviceUs, timeoutUs) : serviceUs,
      operation,
      outcomeIndex,
      cacheIndex,
    );
  }

  mark(phase: PhaseName, atMs: number): void {
    this.#histograms.marks.mark(phase, atMs);
  }

  /** What happened since the last call; errors are counted from the start. */
  takeProgress(): ProgressReport {
    const taken = this.#window;
    this.#window = { offered: 0, completed: 0, errors: taken.errors, latencyCounts: emptyCounts() };
    return taken;
  }

  /**
   * Everything that was recorded, once.
   *
   * @param startedAtMs start of the load, epoch ms
   * @param stoppedAtMs when the load was stopped before its end, ms from the start of the load; null otherwise
   */
  finish(
    startedAtMs: number,
    stoppedAtMs: number | null,
  ): Pick<GeneratorReport, 'slots' | 'histograms' | 'writes' | 'versionReads' | 'examples' | 'lagHdr' | 'interrupted'> {
    const { recordedFromMs, recordedToMs } = this.#schedule;
    const lagHdr = encodeHistogram(this.#lag);
    this.#lag.destroy();
    return {
      slots: this.#slots.toSlots(startedAtMs + recordedFromMs, Math.min(recordedToMs, stoppedAtMs ?? Infinity)),
      histograms: this.#histograms.finish(),
      writes: this.#writes,
      ...(this.#recordVersions.includes(true) && { versionReads: this.#versionReads }),
      examples: this.#examples,
      lagHdr,
      interrupted: stoppedAtMs !== null,
    };
  }

  #keepWrite(request: EndedRequest, wasSent: boolean): void {
    this.#writes.push({
      id: request.id,
      operation: this.#spec.operations[request.operation]!.operation,
      key: request.key,
      user: request.user,
      sentMs: (wasSent ? request.sentAtMs : request.atMs) - this.#schedule.recordedFromMs,
      endedMs: request.endedAtMs - this.#schedule.recordedFromMs,
      status: writeStatus(request.outcome, wasSent),
      ...(request.version !== undefined && request.version >= 0 && { version: request.version }),
    });
  }

  #keepRead({ key, version = -1, user, sentAtMs, endedAtMs }: EndedRequest): void {
    if (version < 0) return;
    const reads = this.#versionReads;
    if (reads.key.length >= MOST_VERSION_READS) {
      reads.dropped += 1;
      return;
    }
    const { recordedFromMs } = this.#schedule;
    reads.key.push(key);
    reads.version.push(version);
    reads.user.push(user);
    reads.sentMs.push(sentAtMs - recordedFromMs);
    reads.endedMs.push(endedAtMs - recordedFromMs);
  }

  #keepExample(request: EndedRequest): void {
    const { operation, key, outcome, atMs, detail } = request;
    this.#examplesByOutcome.set(outcome, (this.#examplesByOutcome.get(outcome) ?? 0) + 1);
    const at = `${((atMs - this.#schedule.recordedFromMs) / 1000).toFixed(3)} s`;
    const name = this.#spec.operations[operation]!.operation;
    this.#examples.push({ atMs, text: `${at} ${name} of key ${key}: ${outcome}${detail && `, ${detail}`}` });
  }
}

function emptyCounts(): number[] {
  return new Array<number>(LATENCY_BUCKETS).fill(0);
}
