/**
 * Did the system come back by itself after the trigger was gone, and when? Recovery time runs from a fault's end to
 * the first of three consecutive windows in which p99, errors and database rate are all back inside the band of the
 * time before. Never coming back is a failure of its own: a metastable outage (Bronson et al., HotOS 2021).
 */
import type { RunResult } from '../contract/result.ts';
import type { Evidence } from '../contract/verdict.ts';
import { quantile } from '../stats/quantile.ts';
import { injectedFaults } from './phases.ts';
import { windowSignals } from './window-signals.ts';

type Recovery = RunResult['recovery'][number];

/** Consecutive windows, each one slot after the other, that must all be inside the band. */
const CONSECUTIVE = 3;
const SHORTEST_WINDOW_MS = 1000;
/** Before this has been watched, "never" would be a rash word. */
const SHORTEST_WATCH_MS = 5000;

/**
 * The band, from sliding windows of the time before the first fault:
 * - p99 ≤ the larger of 1.5 × and 5 ms above the 95th percentile of the windows' p99. Not the maximum, which one
 *   pause of the machine would set;
 * - errors and shed requests ≤ their 95th percentile + 1 point;
 * - loads, and queries where the database was probed, ≤ 1.5 × their maximum, or 10 per window more: a few loads are
 *   noise where there are hardly any.
 *
 * A window is one TTL long, so that each holds an expiry with its spike: those are normal before the fault and must
 * be normal after it. It is at least 1 s and at most a third of the shorter of the times before and after, otherwise
 * there would be no windows to compare. Windows move by one slot (100 ms by default).
 */
const BAND = { p99Factor: 1.5, p99AddMs: 5, errorAddShare: 0.01, rateFactor: 1.5, rateAddPerWindow: 10 };

const known = new WeakMap<Evidence, Recovery[]>();

/**
 * Recovery from each fault. `unaffected` where no window left the band, even during the fault; `unknown` where the
 * fault was not confirmed active or there was not enough time before or after it.
 */
export function recoveryOf(evidence: Evidence): Recovery[] {
  const cached = known.get(evidence);
  if (cached) return cached;
  const injected = injectedFaults(evidence);
  const recoveries = evidence.faults.map((fault): Recovery => {
    const at = injected.indexOf(fault);
    if (at < 0 || fault.error !== null || !fault.confirmation.active) return outcome(fault.fault, 'unknown');
    return recoveryFrom(evidence, {
      fault: fault.fault,
      firstFaultMs: injected[0]!.injectedAtMs,
      injectedAtMs: fault.injectedAtMs,
      healedAtMs: fault.healedAtMs,
      // What happens from the next fault on is that fault's doing.
      untilMs: Math.min(injected[at + 1]?.injectedAtMs ?? Infinity, evidence.measuredToMs),
    });
  });
  known.set(evidence, recoveries);
  return recoveries;
}

interface Moments {
  fault: string;
  firstFaultMs: number;
  injectedAtMs: number;
  healedAtMs: number;
  untilMs: number;
}

function recoveryFrom(evidence: Evidence, moments: Moments): Recovery {
  const { fault, healedAtMs } = moments;
  const { slots } = evidence.load;
  const slotOf = (ms: number): number => (ms - slots.startedAtMs) / slots.slotMs;
  const beforeEnd = Math.floor(slotOf(moments.firstFaultMs));
  const healed = Math.ceil(slotOf(healedAtMs));
  const end = Math.min(Math.floor(slotOf(moments.untilMs)), slots.offered.length);

  const shorterMs = Math.min(beforeEnd, end - healed) * slots.slotMs;
  const windowMs = Math.min(Math.max(SHORTEST_WINDOW_MS, evidence.plan.ttlMs), shorterMs / 3);
  const width = Math.floor(windowMs / slots.slotMs);
  if (windowMs < SHORTEST_WINDOW_MS || width < 1) return outcome(fault, 'unknown');

  const calm = calmJudge(evidence, width, beforeEnd);
  if (calm === null) return outcome(fault, 'unknown');
  const lastWindow = end - width;
  let first = healed;
  for (let run = 0, at = healed; at <= lastWindow; at++) {
    run = calm(at) ? run + 1 : 0;
    if (run < CONSECUTIVE) continue;
    first = at - CONSECUTIVE + 1;
    if (first > healed) return outcome(fault, 'recovered', slots.startedAtMs + first * slots.slotMs, healedAtMs);
    const injectedSlot = Math.max(0, Math.floor(slotOf(moments.injectedAtMs)));
    for (let during = injectedSlot; during < healed; during++)
      if (!calm(during)) return outcome(fault, 'recovered', healedAtMs, healedAtMs);
    return outcome(fault, 'unaffected', healedAtMs, healedAtMs);
  }
  const watchedMs = (end - healed) * slots.slotMs;
  return outcome(fault, watchedMs < SHORTEST_WATCH_MS || evidence.interrupted ? 'unknown' : 'never');
}

/** Whether the window that starts at a slot lies inside the band; null where the time before says nothing. */
function calmJudge(evidence: Evidence, width: number, beforeEnd: number): ((at: number) => boolean) | null {
  const signals = windowSignals(evidence, width);
  const before = Array.from({ length: beforeEnd - width + 1 }, (_, at) => at);
  const seen = (signal: (at: number) => number | null): number[] =>
    before.map(signal).filter((value) => value !== null);
  const p99 = quantile(seen(signals.p99Ms), 0.95);
  const unserved = quantile(seen(signals.unservedShare), 0.95);
  if (p99 === null || unserved === null) return null;
  const p99Limit = Math.max(p99 * BAND.p99Factor, p99 + BAND.p99AddMs);
  const unservedLimit = unserved + BAND.errorAddShare;
  const rates = signals.databaseCounts.flatMap((count) => {
    const values = seen(count);
    if (values.length === 0) return [];
    const most = values.reduce((a, b) => Math.max(a, b));
    return [{ count, limit: Math.max(most * BAND.rateFactor, most + BAND.rateAddPerWindow) }];
  });
  return (at) => {
    const p99Ms = signals.p99Ms(at);
    const unservedShare = signals.unservedShare(at);
    // A window without any request shows nothing that is back to normal.
    if (p99Ms === null || unservedShare === null || p99Ms > p99Limit || unservedShare > unservedLimit) return false;
    return rates.every(({ count, limit }) => (count(at) ?? 0) <= limit);
  };
}

function outcome(fault: string, status: Recovery['status'], recoveredAtMs?: number, healedAtMs?: number): Recovery {
  if (recoveredAtMs === undefined || healedAtMs === undefined)
    return { fault, recoveredAtMs: null, recoverySec: null, status };
  return { fault, recoveredAtMs, recoverySec: (recoveredAtMs - healedAtMs) / 1000, status };
}
