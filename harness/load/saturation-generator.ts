/**
 * The closed loop on autocannon: its connections and its parser, our requests, clock and records. Autocannon's own
 * figures are not used: they are whole milliseconds and leave timeouts out. No rate is given to it, so that it
 * corrects nothing. Processes and not its workers make it parallel: workers do not hand on their events.
 */
import autocannon from 'autocannon';
import type { PhaseName } from '../contract/load.ts';
import type { ConnectionCounts } from './connections.ts';
import { CpuMeter } from './cpu-meter.ts';
import { connectionShare } from './deal.ts';
import type { GeneratorOrder } from './messages.ts';
import { Recorder } from './recorder.ts';
import { RequestSequence } from './request-sequence.ts';
import { compileOperation, requestId } from './request-template.ts';
import {
  takeOver,
  type AutocannonClient,
  type SaturationOwner,
  type SaturationRequest,
} from './saturation-connection.ts';
import { scheduleOf, segmentAt, type Schedule } from './schedule.ts';

/** Autocannon looks this often whether it was stopped. */
const STOP_CHECK_MS = 100;
/** Longer than any plan: the generator itself decides when it is over. */
const FOREVER_SEC = 1_000_000;

export class SaturationGenerator implements SaturationOwner {
  readonly recorder: Recorder;
  readonly cpu = new CpuMeter();
  readonly counts: ConnectionCounts = { opened: 0, replaced: 0 };
  readonly timeoutMs: number;
  readonly needsBodies: boolean;
  stoppedAtMs: number | null = null;

  readonly #order: GeneratorOrder;
  readonly #sequence: RequestSequence;
  readonly #schedule: Schedule;
  #compiled: readonly (readonly SaturationRequest['compiled'][])[];
  #originMs = 0;
  #segment = 0;
  #inFlight = 0;
  #stopped = false;
  readonly #drained = Promise.withResolvers<void>();

  constructor(order: GeneratorOrder) {
    const { spec } = order;
    this.#order = order;
    this.timeoutMs = spec.timeoutMs;
    this.needsBodies = spec.operations.some(({ request }) => request.identity !== undefined);
    this.recorder = new Recorder(spec);
    this.#schedule = scheduleOf(spec.segments);
    this.#sequence = new RequestSequence(spec, order.process, order.processes, false);
    this.#compiled = order.baseUrls.map((url) => {
      const prefix = new URL(url).pathname.replace(/\/+$/, '');
      return spec.operations.map((operation) => compileOperation(operation, prefix));
    });
  }

  /** Sends until the plan's time is over, and resolves when every request has ended. */
  async run(startedAtMs: number): Promise<void> {
    this.#originMs = startedAtMs - performance.timeOrigin;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, -this.nowMs())));
    const cannons = this.#order.baseUrls.flatMap((url, instance) => this.#start(url, instance));
    const end = setTimeout(() => this.#close(), Math.max(0, this.#schedule.totalMs - this.nowMs()));
    await this.#drained.promise;
    clearTimeout(end);
    for (const { instance } of cannons) instance.stop();
    await Promise.all(cannons.map(({ ended }) => ended));
  }

  mark(phase: PhaseName, atMs: number): void {
    this.recorder.mark(phase, atMs);
  }

  /** Sends nothing more; what is in flight is waited for. */
  stop(): void {
    if (this.closing) return;
    this.stoppedAtMs = Math.max(0, this.nowMs());
    this.#close();
  }

  /** True when nothing more is sent: told to stop, or the plan's time is over. */
  get closing(): boolean {
    return this.#stopped || this.nowMs() >= this.#schedule.totalMs;
  }

  nowMs(): number {
    return performance.now() - this.#originMs;
  }

  take(instance: number): SaturationRequest {
    this.#sequence.next();
    const { index, operation, key, user } = this.#sequence;
    const nowMs = this.nowMs();
    if (nowMs >= (this.#schedule.segmentStartsMs[this.#segment + 1] ?? Infinity))
      this.#segment = segmentAt(this.#schedule, nowMs);
    this.#inFlight += 1;
    this.recorder.sent(this.#segment, nowMs, 0, this.#inFlight);
    return {
      compiled: this.#compiled[instance]![operation]!,
      operation,
      key,
      user,
      id: requestId(this.#order.spec.seed, index),
      segment: this.#segment,
      atMs: nowMs,
      sentAtMs: nowMs,
      endedAtMs: nowMs,
      outcome: 'ok',
      cacheOutcome: null,
      detail: '',
    };
  }

  ended(request: SaturationRequest): void {
    this.#inFlight -= 1;
    request.endedAtMs = this.nowMs();
    this.recorder.ended(request);
    if (this.#inFlight === 0 && this.closing) this.#drained.resolve();
  }

  connecting(again: boolean): void {
    this.counts.opened += 1;
    if (again) this.counts.replaced += 1;
  }

  #start(url: string, instance: number): { instance: autocannon.Instance; ended: Promise<void> }[] {
    const { spec, baseUrls, process, processes } = this.#order;
    const connections = connectionShare(spec.connectionsPerInstance, instance, baseUrls.length, process, processes);
    if (connections === 0) return [];
    const { host } = new URL(url);
    const ended = Promise.withResolvers<void>();
    const cannon = autocannon(
      {
        url,
        connections,
        pipelining: 1,
        duration: FOREVER_SEC,
        sampleInt: STOP_CHECK_MS,
        setupClient: (client) => takeOver(client as unknown as AutocannonClient, this, instance, host),
      },
      (error: Error | null) => (error === null ? ended.resolve() : ended.reject(error)),
    );
    return [{ instance: cannon, ended: ended.promise }];
  }

  #close(): void {
    this.#stopped = true;
    if (this.#inFlight === 0) this.#drained.resolve();
  }
}
