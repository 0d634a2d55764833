/** Which pairs of trials count, and for what. None of it looks at what was measured, so leaving pairs out favours no side. */
import { isDisturbed, type Trial } from '../../contract/gate.ts';
import type { MeasureMeta } from '../../contract/verdict.ts';

export interface TrialPair {
  base: Trial;
  candidate: Trial;
}

/** What a finding rests on: the measures of both sides under the same traffic. */
export interface MeasuredPair {
  base: Pick<Trial, 'measures' | 'timesInvalid'>;
  candidate: Pick<Trial, 'measures' | 'timesInvalid'>;
}

/** No burst of stolen CPU time fell into its trials: otherwise it counts for nothing, whatever else became of it. */
export function isUndisturbed({ base, candidate }: TrialPair): boolean {
  return !isDisturbed(base) && !isDisturbed(candidate);
}

export function isValid({ base, candidate }: TrialPair): boolean {
  return base.invalid.length + candidate.invalid.length === 0;
}

/** Whether the times of both sides are worth something. */
export function isTimed({ base, candidate }: MeasuredPair): boolean {
  return base.timesInvalid.length + candidate.timesInvalid.length === 0;
}

/** The pairs that say something of this measure: of a time only those in which both sides' times are worth something. */
export function pairsFor<P extends MeasuredPair>({ evidence }: MeasureMeta, pairs: readonly P[]): readonly P[] {
  return evidence === 'time' ? pairs.filter(isTimed) : pairs;
}
