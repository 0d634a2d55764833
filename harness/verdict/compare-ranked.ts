/** What contenders of a comparison are ranked by, and held against each other. */
import type { RunResult } from '../contract/result.ts';
import type { PhaseBounds } from '../contract/verdict.ts';
import type { EffectScale } from '../contract/gate.ts';

export interface Ranked {
  measure: string;
  /** The first of these in which anybody knows it. */
  phases: readonly PhaseBounds['name'][];
  /** Of whoever is first. */
  best: string;
  /** Differences for what is 0 where all is well. */
  scale: EffectScale;
}

/** In the order of the sentence; those that were not observed fall out. */
export const RANKED: readonly Ranked[] = [
  { measure: 'stock.oversold', phases: ['run'], best: 'fewest units oversold', scale: 'difference' },
  { measure: 'db.loadsPerExpiry', phases: ['run'], best: 'fewest loads per expiry', scale: 'ratio' },
  { measure: 'db.peakRate', phases: ['during', 'run'], best: 'lowest peak database rate', scale: 'ratio' },
  { measure: 'latency.p99', phases: ['during', 'run'], best: 'lowest p99', scale: 'ratio' },
  { measure: 'errors.rate', phases: ['during', 'run'], best: 'fewest errors', scale: 'difference' },
  { measure: 'recovery.time', phases: ['run'], best: 'quickest recovery', scale: 'ratio' },
];

/** Error rate over everything that one comparison says beyond doubt. A person reads it; a gate has less. */
export const COMPARE_ALPHA = 0.05;

/** The phase in which a ranked measure is compared; undefined where nobody knows it. */
export function phaseOf(ranked: Ranked, runs: readonly RunResult[]): PhaseBounds['name'] | undefined {
  return ranked.phases.find((phase) => runs.some((run) => known(run, phase, ranked.measure) !== null));
}

/** A value of a run; null where it is not known. */
export function known(run: RunResult, phase: string, measure: string): number | null {
  return run.measures[phase]?.[measure] ?? null;
}

/** Complete and valid: may be ranked. */
export function isSound(run: RunResult): boolean {
  return run.validity.valid && !run.partial;
}
