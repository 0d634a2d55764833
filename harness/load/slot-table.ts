/**
 * Counts by slot of intended arrival: the lines over time of a result. Slots are made as they are reached, so a run
 * pays only for the time that it has lasted.
 */
import { CACHE_OUTCOMES, type CacheOutcome } from '../contract/defence.ts';
import type { LoadSlots } from '../contract/load.ts';
import { REQUEST_OUTCOMES, type RequestOutcome } from '../contract/operation.ts';
import { LATENCY_BUCKETS, LATENCY_EDGES_US } from './latency-buckets.ts';

interface Slot {
  offered: number;
  sent: number;
  completed: number;
  dropped: number;
  maxInFlight: number;
  outcomes: Uint32Array;
  cacheOutcomes: Uint32Array;
  latency: Uint32Array;
}

export class SlotTable {
  readonly #slotMs: number;
  readonly #fromMs: number;
  readonly #slots: Slot[] = [];

  /** @param fromMs start of the first slot, ms from the start of the load */
  constructor(fromMs: number, slotMs: number) {
    this.#fromMs = fromMs;
    this.#slotMs = slotMs;
  }

  /** A request that was due; `inFlight` counts it. */
  sent(atMs: number, inFlight: number): void {
    const slot = this.#at(atMs);
    slot.offered += 1;
    slot.sent += 1;
    if (inFlight > slot.maxInFlight) slot.maxInFlight = inFlight;
  }

  /** A request that was due and could not be sent, because of the cap on requests in flight. */
  dropped(atMs: number, inFlight: number): void {
    const slot = this.#at(atMs);
    slot.offered += 1;
    slot.dropped += 1;
    if (inFlight > slot.maxInFlight) slot.maxInFlight = inFlight;
  }

  /** A request that has ended, by indexes into the tables of outcomes; `cacheOutcome` -1 for none. */
  completed(atMs: number, outcome: number, cacheOutcome: number, bucket: number): void {
    const slot = this.#at(atMs);
    slot.completed += 1;
    slot.outcomes[outcome]! += 1;
    if (cacheOutcome >= 0) slot.cacheOutcomes[cacheOutcome]! += 1;
    slot.latency[bucket]! += 1;
  }

  /**
   * The table as evidence.
   *
   * @param startedAtMs start of the first slot, epoch ms
   * @param toMs end of the recorded part, ms from the start of the load: slots without arrivals are there as well
   */
  toSlots(startedAtMs: number, toMs: number): LoadSlots {
    const count = Math.max(0, Math.ceil((toMs - this.#fromMs) / this.#slotMs - 1e-9));
    if (count > 0) this.#reach(count - 1);
    const slots = this.#slots;
    const used = <K extends string>(names: readonly K[], pick: (slot: Slot) => Uint32Array) => {
      const found: Partial<Record<K, number[]>> = {};
      for (const [i, name] of names.entries())
        if (slots.some((slot) => pick(slot)[i]! > 0)) found[name] = slots.map((slot) => pick(slot)[i]!);
      return found;
    };
    return {
      startedAtMs,
      slotMs: this.#slotMs,
      offered: slots.map((slot) => slot.offered),
      sent: slots.map((slot) => slot.sent),
      completed: slots.map((slot) => slot.completed),
      dropped: slots.map((slot) => slot.dropped),
      maxInFlight: slots.map((slot) => slot.maxInFlight),
      outcomes: used<RequestOutcome>(REQUEST_OUTCOMES, (slot) => slot.outcomes),
      cacheOutcomes: used<CacheOutcome>(CACHE_OUTCOMES, (slot) => slot.cacheOutcomes),
      latencyBucketEdgesUs: [...LATENCY_EDGES_US],
      latencyCounts: slots.map((slot) => Array.from(slot.latency)),
    };
  }

  #at(atMs: number): Slot {
    const index = Math.max(0, Math.floor((atMs - this.#fromMs) / this.#slotMs));
    return this.#slots[index] ?? this.#reach(index);
  }

  #reach(index: number): Slot {
    for (let i = this.#slots.length; i <= index; i++)
      this.#slots.push({
        offered: 0,
        sent: 0,
        completed: 0,
        dropped: 0,
        maxInFlight: 0,
        outcomes: new Uint32Array(REQUEST_OUTCOMES.length),
        cacheOutcomes: new Uint32Array(CACHE_OUTCOMES.length),
        latency: new Uint32Array(LATENCY_BUCKETS),
      });
    return this.#slots[index]!;
  }
}
