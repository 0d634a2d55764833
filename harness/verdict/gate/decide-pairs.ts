/**
 * The decision side by side: base and candidate in pairs of trials on one machine. A clear pass or a large regression
 * may end the gate at the first look; what is less clear waits for the last; definite faults and counts without any
 * noise end it at once; and what cannot be known is undecided.
 */
import type { GateDecision, GateRules } from '../../contract/gate.ts';
import type { MeasureMeta } from '../../contract/verdict.ts';
import { conclude, type ScopedGuard } from './conclude.ts';
import { isUndisturbed, isValid, type TrialPair } from './counting.ts';
import { judgeErrorCap } from './error-cap.ts';
import { judgeFaults } from './faults.ts';
import type { MeasureFinding } from './finding.ts';
import {
  absentGuard,
  disturbedGuard,
  driftGuard,
  invalidGuard,
  lagGuard,
  noiseGuard,
  stolenGuard,
  timesGuard,
} from './guards.ts';
import { lookOf } from './looks.ts';
import { pairFinding } from './pair-finding.ts';
import { fewestPairsFor, testsOf } from './several.ts';

export interface PairsInput {
  /** All pairs so far, in the order in which they were run. Call after every pair. */
  pairs: readonly TrialPair[];
  /** Of everything that was measured; those with a tolerance are judged. */
  measures: readonly MeasureMeta[];
  rules: GateRules;
  /** No more pairs will come: what there is, is decided as at the last look. */
  timeIsUp: boolean;
}

/**
 * Decides. Pairs with `purpose: 'noise'` tell the noise of the machine and are not judged; pairs with an invalid trial,
 * or into which a burst of stolen CPU time fell, do not count towards a look, so that others take their place.
 *
 * @returns `continue` while neither clear nor at the last look
 */
export function decidePairs(input: PairsInput): GateDecision {
  const { rules } = input;
  const noise = usable(input.pairs.filter(({ base }) => base.purpose === 'noise'));
  const judged = input.pairs.filter(({ base }) => base.purpose === 'judge');
  const pairs = usable(judged);
  const look = lookOf(pairs.length, rules, input.timeIsUp);
  const metas = input.measures.filter(({ id }) => rules.tolerances[id] !== undefined);
  const findings: MeasureFinding[] = [];
  const absent: string[] = [];
  for (const meta of metas) {
    const finding = pairFinding(meta, rules.tolerances[meta.id]!, pairs);
    if (finding) findings.push(finding);
    else absent.push(meta.id);
  }
  const faults = judgeFaults(
    judged.map(({ base }) => base),
    judged.map(({ candidate }) => candidate),
    judged.length,
    rules.alpha,
    look === 'first' || look === 'last',
  );
  const errors = (side: 'base' | 'candidate'): number[] => pairs.flatMap((p) => p[side].measures['errors.rate'] ?? []);
  const cap = judgeErrorCap(errors('base'), errors('candidate'));
  const noisy = noiseGuard(noise, metas, rules);
  const times = timesGuard(pairs);
  const disturbed = disturbedGuard(judged);
  const guards: ScopedGuard[] = [
    invalidGuard(judged.filter(isUndisturbed)),
    ...(disturbed ? [disturbed] : []),
    ...(times ? [times] : []),
    ...faults.guards,
    ...cap.guards,
    stolenGuard(pairs),
    lagGuard(pairs),
    driftGuard(findings, pairs),
    ...(noisy ? [noisy] : []),
    ...(absent.length > 0 && pairs.length > 0 ? [absentGuard(absent)] : []),
  ];
  return conclude({
    findings,
    reported: [],
    guards,
    faults: [...faults.regressed, ...cap.regressed],
    look,
    rules,
    n: pairs.length,
    fewest: fewestPairsFor(testsOf(findings), rules),
    fewestHint: null,
    noun: 'pair',
    hurried: look === 'last' && pairs.length < rules.lastLook ? 'when time was up' : null,
    method: 'Exact one-sided tests of paired trials',
  });
}

function usable(pairs: readonly TrialPair[]): TrialPair[] {
  return pairs.filter((pair) => isValid(pair) && isUndisturbed(pair));
}
