/**
 * The phases of a run as they were observed, not as they were planned: before the first fault, while one acts, after
 * the last was healed. Every measure is taken over one of these stretches or over the whole.
 */
import type { Evidence, PhaseBounds } from '../contract/verdict.ts';

/** Every name that a threshold may put before a measure. */
export const PHASE_NAMES: readonly PhaseBounds['name'][] = ['run', 'before', 'during', 'after'];

/** Shorter stretches hold no traffic worth a figure: a fault that only strikes has no "during". */
const SHORTEST_PHASE_MS = 100;

/**
 * The phases of a run, `run` first, in ms from the start of the recorded part. Without an injected fault there is only `run`. With several faults
 * `during` reaches from the first injection to the last healing; `during` is left out where faults only struck at a
 * moment, and `after` where the run ended with the fault.
 */
export function phasesOf(evidence: Evidence): PhaseBounds[] {
  const run: PhaseBounds = { name: 'run', fromMs: 0, toMs: evidence.measuredToMs - evidence.measuredFromMs };
  const injected = injectedFaults(evidence);
  if (injected.length === 0) return [run];
  const within = (epochMs: number): number => Math.min(run.toMs, Math.max(0, epochMs - evidence.measuredFromMs));
  const fromMs = within(Math.min(...injected.map((fault) => fault.injectedAtMs)));
  const toMs = within(Math.max(...injected.map((fault) => fault.healedAtMs)));
  const phases: PhaseBounds[] = [
    { name: 'before', fromMs: run.fromMs, toMs: fromMs },
    { name: 'during', fromMs, toMs },
    { name: 'after', fromMs: toMs, toMs: run.toMs },
  ];
  return [run, ...phases.filter((phase) => phase.toMs - phase.fromMs >= SHORTEST_PHASE_MS)];
}

/** Faults that were really injected, by time. */
export function injectedFaults(evidence: Evidence): Evidence['faults'] {
  return evidence.faults
    .filter((fault) => Number.isFinite(fault.injectedAtMs) && fault.injectedAtMs > 0)
    .toSorted((a, b) => a.injectedAtMs - b.injectedAtMs);
}
