/** What several measures share: one error rate over all of them, and so the fewest pairs that can show anything. */
import type { GateRules } from '../../contract/gate.ts';
import { holmAdjusted } from '../../stats/holm.ts';
import { fewestPairs } from '../../stats/signed-rank.ts';
import type { MeasureFinding } from './finding.ts';
import { alphaAt } from './looks.ts';

export interface Adjusted {
  greater: number;
  less: number;
}

/** P-values adjusted over all measures with a test, for each direction, by measure id. */
export function holmOver(findings: readonly MeasureFinding[]): ReadonlyMap<string, Adjusted> {
  const tested = findings.filter(({ kind }) => kind === 'tested');
  const greater = holmAdjusted(tested.map((finding) => finding.greater!.atLeast));
  const less = holmAdjusted(tested.map((finding) => finding.less!.atLeast));
  return new Map(tested.map(({ meta }, i) => [meta.id, { greater: greater[i]!, less: less[i]! }]));
}

/** Measures with a test; at least one, so that it can be divided by. */
export function testsOf(findings: readonly MeasureFinding[]): number {
  return Math.max(1, findings.filter(({ kind }) => kind === 'tested').length);
}

/** The fewest pairs with which any measure could be shown to have regressed at the last look: 10 for six measures at 1 %. */
export function fewestPairsFor(tests: number, rules: GateRules): number {
  return fewestPairs(alphaAt('last', rules) / tests);
}
