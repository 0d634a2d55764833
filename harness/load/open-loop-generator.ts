/**
 * The open loop itself: sends each request when it is due, whatever became of the earlier ones. It sleeps while the
 * next arrival is far and spins when it is near, because a timer alone is up to a millisecond late.
 */
import type { LoadSpec, PhaseName } from '../contract/load.ts';
import { ConnectionPool, type ConnectionCounts } from './connections.ts';
import { CpuMeter } from './cpu-meter.ts';
import { Exchange, type ExchangeOwner } from './exchange.ts';
import { connectionShare, evenShare } from './deal.ts';
import type { GeneratorOrder } from './messages.ts';
import { Recorder } from './recorder.ts';
import { RequestSequence } from './request-sequence.ts';
import { compileOperation, requestId, type CompiledOperation } from './request-template.ts';

/** Nearer than this, the loop spins. */
const SPIN_MS = 2.5;
/** A timer may fire this much late. */
const TIMER_SLACK_MS = 1.5;
/** After so many sends, answers get their turn. */
const BATCH = 32;
const SWEEP_MS = 5;

export class OpenLoopGenerator implements ExchangeOwner {
  readonly recorder: Recorder;
  readonly cpu = new CpuMeter();
  readonly counts: ConnectionCounts = { opened: 0, replaced: 0 };
  readonly timeoutMs: number;
  /** When the load was stopped before its end, ms from its start; null otherwise. */
  stoppedAtMs: number | null = null;

  readonly #spec: LoadSpec;
  readonly #sequence: RequestSequence;
  /** By instance; null for those that none of this process's arrivals go to. */
  readonly #pools: readonly (ConnectionPool | null)[];
  readonly #operations: readonly (readonly CompiledOperation[])[];
  readonly #maxInFlight: number;

  #originMs = 0;
  #inFlight = 0;
  #oldest: Exchange | null = null;
  #newest: Exchange | null = null;
  /** Grows with everything that is done: a round of the loop in which it stands still was idle. */
  #work = 0;
  #workSeen = -1;
  #roundEndedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #allSent = false;
  #sending = false;
  #finished: (() => void) | null = null;

  constructor(order: GeneratorOrder) {
    const { spec, baseUrls, process, processes } = order;
    this.#spec = spec;
    this.timeoutMs = spec.timeoutMs;
    this.recorder = new Recorder(spec);
    this.#sequence = new RequestSequence(spec, process, processes, true);
    this.#maxInFlight = evenShare(spec.maxInFlight, process, processes);
    this.#pools = baseUrls.map((url, instance) => {
      const connections = connectionShare(spec.connectionsPerInstance, instance, baseUrls.length, process, processes);
      return connections === 0 ? null : new ConnectionPool(url, connections, spec.timeoutMs, this.counts);
    });
    this.#operations = this.#pools.map((pool) =>
      spec.operations.map((operation) => compileOperation(operation, pool?.pathPrefix)),
    );
  }

  /** Opens the connections. */
  async prepare(): Promise<void> {
    await Promise.all(this.#pools.flatMap((pool) => (pool === null ? [] : [pool.open()])));
  }

  /**
   * Sends everything and resolves when every request has ended.
   *
   * @param startedAtMs start of the load, epoch ms: may lie in the future
   */
  async run(startedAtMs: number): Promise<void> {
    this.#originMs = startedAtMs - performance.timeOrigin;
    this.#allSent = !this.#sequence.next();
    this.#sweep = setInterval(() => this.#timeOutOld(), SWEEP_MS);
    try {
      await new Promise<void>((resolve) => {
        this.#finished = resolve;
        this.#round();
      });
    } finally {
      clearInterval(this.#sweep);
      for (const pool of this.#pools) pool?.close();
    }
  }

  mark(phase: PhaseName, atMs: number): void {
    this.recorder.mark(phase, atMs);
  }

  /** Sends nothing more; what is in flight is waited for. */
  stop(): void {
    if (this.#allSent || this.stoppedAtMs !== null) return;
    this.stoppedAtMs = Math.max(0, this.nowMs());
    this.#allSent = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#endIfDrained();
  }

  nowMs(): number {
    return performance.now() - this.#originMs;
  }

  ended(exchange: Exchange, broken: boolean): void {
    this.#work += 1;
    this.#inFlight -= 1;
    this.#unlink(exchange);
    this.recorder.ended(exchange);
    const { connection } = exchange;
    if (connection !== null) {
      // After a refusal there is no socket to replace.
      if (broken && exchange.outcome !== 'refused') connection.replace();
      connection.pool.release(connection);
    }
    // Answers come in bursts: what falls due while one is worked off is not kept waiting for its end.
    this.#sendDue(exchange.endedAtMs, 4);
    this.#endIfDrained();
  }

  readonly #round = (): void => {
    const sequence = this.#sequence;
    const nowMs = this.nowMs();
    if (this.#work === this.#workSeen) this.cpu.addIdle(nowMs - this.#roundEndedMs);
    this.#sendDue(nowMs, BATCH);
    if (this.#allSent) {
      this.#endIfDrained();
      return;
    }
    const waitMs = sequence.atMs - this.nowMs();
    if (waitMs > SPIN_MS) {
      this.#workSeen = -1;
      this.#timer = setTimeout(this.#round, Math.floor(waitMs - TIMER_SLACK_MS));
    } else {
      this.#workSeen = this.#work;
      this.#roundEndedMs = this.nowMs();
      this.#immediate = setImmediate(this.#round);
    }
  };

  /** Sends what is due, `most` requests at a time. */
  #sendDue(nowMs: number, most: number): void {
    if (this.#sending) return;
    this.#sending = true;
    const sequence = this.#sequence;
    for (let sent = 0; sent < most && !this.#allSent && sequence.atMs <= nowMs; sent++) {
      this.#sendNext(nowMs);
      if ((sent & 3) === 3) nowMs = this.nowMs();
    }
    this.#sending = false;
  }

  #sendNext(nowMs: number): void {
    const sequence = this.#sequence;
    const { index, atMs, segment, operation } = sequence;
    this.#work += 1;
    if (this.#inFlight >= this.#maxInFlight) {
      this.recorder.dropped(segment, atMs, this.#inFlight);
      if (!sequence.next()) this.#allSent = true;
      return;
    }
    const instance = index % this.#pools.length;
    const compiled = this.#operations[instance]![operation]!;
    const exchange = new Exchange(this, compiled, sequence, requestId(this.#spec.seed, index));
    this.#inFlight += 1;
    this.#link(exchange);
    this.recorder.sent(segment, atMs, nowMs - atMs, this.#inFlight);
    if (!sequence.next()) this.#allSent = true;
    this.#pools[instance]!.send(exchange);
  }

  /**
   * All requests have the same timeout, so the oldest are the first to run out. Those that still wait for a connection
   * go first, or each would be handed the connection of the one before, only to break it in its turn.
   */
  #timeOutOld(): void {
    const limitMs = this.nowMs() - this.timeoutMs;
    const due: Exchange[] = [];
    for (let next = this.#oldest; next !== null && next.atMs <= limitMs; next = next.following) due.push(next);
    for (const exchange of due) if (exchange.connection === null) exchange.timeOut();
    for (const exchange of due) exchange.timeOut();
  }

  #link(exchange: Exchange): void {
    exchange.previous = this.#newest;
    if (this.#newest === null) this.#oldest = exchange;
    else this.#newest.following = exchange;
    this.#newest = exchange;
  }

  #unlink(exchange: Exchange): void {
    const { previous, following } = exchange;
    if (previous === null) this.#oldest = following;
    else previous.following = following;
    if (following === null) this.#newest = previous;
    else following.previous = previous;
    exchange.previous = exchange.following = null;
  }

  #endIfDrained(): void {
    if (this.#allSent && this.#inFlight === 0) this.#finished?.();
  }
}
