/**
 * From measures, guards and failed checks to one decision and its words. What is definite comes first: broken checks
 * and counts that changed without noise. A guard then keeps a pass from being given, and a time from being blamed on
 * the candidate; counts keep what was shown of them.
 */
import type { GateDecision, GateGuard, GateRules, MeasureDecision } from '../../contract/gate.ts';
import type { MeasureMeta } from '../../contract/verdict.ts';
import { counted, listed } from '../wording.ts';
import { decideMeasure, POWER } from './decide-measure.ts';
import type { MeasureFinding } from './finding.ts';
import type { Look } from './looks.ts';
import { holmOver, testsOf } from './several.ts';
import { effectText, inSentence, intervalText, sizeText } from './words.ts';

/** `pass`: no pass is given. Otherwise nothing at all is said of times, or of some measures by id. */
export interface ScopedGuard extends GateGuard {
  forbids: 'pass' | 'times' | readonly string[];
}

export interface Conclusion {
  findings: readonly MeasureFinding[];
  /** Shown and never judged. */
  reported: readonly MeasureDecision[];
  guards: readonly ScopedGuard[];
  /** Definite faults of the candidate, in words. */
  faults: readonly string[];
  look: Look;
  rules: GateRules;
  /** Pairs, or trials of the candidate, that count. */
  n: number;
  fewest: number;
  /** How to have more, where more time is not the way; null where it is. */
  fewestHint: string | null;
  noun: 'pair' | 'trial';
  /** Why it is decided before the last look was reached; null where it was not. */
  hurried: string | null;
  /** Names the tests, for the explanation. */
  method: string;
}

/** Decides over all measures. */
export function conclude(input: Conclusion): GateDecision {
  const { look, rules, noun } = input;
  const adjusted = holmOver(input.findings);
  const tests = testsOf(input.findings);
  const measures = input.findings.map((finding) => {
    const decision = decideMeasure(finding, {
      rules,
      look,
      adjusted: adjusted.get(finding.meta.id) ?? null,
      tests,
      fewest: input.fewest,
      noun: `${noun}s`,
    });
    const doubt =
      look === 'first' || look === 'last' ? input.guards.find((guard) => doubts(guard, finding.meta)) : undefined;
    return doubt ? { ...decision, outcome: 'undecided' as const, why: `${doubt.message}; ${decision.why}` } : decision;
  });
  const guards = [...input.guards, ...fewGuards(input, measures)];
  const status = statusOf(input, measures, guards);
  return {
    status,
    measures: [...measures, ...input.reported],
    guards: guards.map(({ id, ok, message }) => ({ id, ok, message })),
    sentence: sentenceOf(status, measures, guards, input),
    explanation: explanationOf(measures, guards, tests, input),
  };
}

/** Whether a guard takes from a measure both its regression and its pass. */
function doubts({ ok, forbids }: ScopedGuard, { id, evidence }: MeasureMeta): boolean {
  return !ok && forbids !== 'pass' && (forbids === 'times' ? evidence === 'time' : forbids.includes(id));
}

function fewGuards(
  { n, noun, fewest, fewestHint, look }: Conclusion,
  measures: readonly MeasureDecision[],
): ScopedGuard[] {
  if (look !== 'last' || measures.length === 0) return [];
  const ok = n >= fewest;
  const message = ok
    ? `${counted(n, noun)}, at least ${fewest} are needed`
    : `${counted(n, noun)}, and a regression can be shown with ${fewest} at the earliest${fewestHint === null ? '' : `: ${fewestHint}`}`;
  return [{ id: `${noun}s`, ok: ok || measures.every(({ pValue }) => pValue === null), message, forbids: 'pass' }];
}

function statusOf(
  { faults, look, n }: Conclusion,
  measures: readonly MeasureDecision[],
  guards: readonly ScopedGuard[],
): GateDecision['status'] {
  if (faults.length > 0 || measures.some(({ outcome }) => outcome === 'regressed')) return 'regressed';
  const clear =
    measures.length > 0 &&
    guards.every(({ ok }) => ok) &&
    measures.every(({ outcome }) => outcome === 'improved' || outcome === 'unchanged' || outcome === 'within-noise');
  if (clear && (look === 'first' || look === 'last')) return 'pass';
  // Before anything was judged, a machine too noisy for the tolerance is reason to stop.
  const hopeless = n === 0 && guards.some(({ id, ok }) => id === 'noise-floor' && !ok);
  return look === 'last' || hopeless ? 'undecided' : 'continue';
}

function sentenceOf(
  status: GateDecision['status'],
  measures: readonly MeasureDecision[],
  guards: readonly ScopedGuard[],
  { faults, n, noun, hurried }: Conclusion,
): string {
  const after = `after ${counted(n, noun)}${hurried === null ? '' : `, ${hurried}`}`;
  if (status === 'regressed') {
    const worse = measures.filter(({ outcome }) => outcome === 'regressed');
    return `regressed: ${[...faults, ...worse.map(regressionText)].join('; ')} ${after}`;
  }
  if (status === 'pass') {
    const better = measures.filter(({ outcome }) => outcome === 'improved').map(({ title }) => inSentence(title));
    const improved = better.length === 0 ? '' : `; improved: ${listed(better)}`;
    return `no regression in ${counted(measures.length, 'measure')} ${after}${improved}`;
  }
  const broken = guards.filter(({ ok }) => !ok).map(({ message }) => message);
  const open = measures.filter(({ outcome }) => outcome === 'undecided');
  const reasons = [...broken, ...(broken.length > 0 ? [] : open.map(openText))];
  if (measures.length === 0 && reasons.length === 0) reasons.push('nothing was measured that could be judged');
  return `${status === 'continue' ? 'not yet decided' : 'undecided'} ${after}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}`;
}

function regressionText(measure: MeasureDecision): string {
  const interval = intervalText(measure);
  const range = interval === null || measure.pValue === null ? '' : `${interval}, `;
  return `${inSentence(measure.title)} is ${effectText(measure.effect!, measure)} (${range}tolerance ${sizeText(measure.tolerance, measure)})`;
}

function openText(measure: MeasureDecision): string {
  return `${inSentence(measure.title)}: ${measure.why}`;
}

function explanationOf(
  measures: readonly MeasureDecision[],
  guards: readonly ScopedGuard[],
  tests: number,
  { rules, method }: Conclusion,
): string {
  const seen = measures
    .filter(({ smallestDetectable, pValue }) => smallestDetectable !== null && pValue !== null)
    .map((m) => `${inSentence(m.title)} ${sizeText(m.smallestDetectable!, m)}`);
  const broken = guards.filter(({ ok }) => !ok).map(({ message }) => `${message}.`);
  const needed = measures.flatMap(({ pairsNeeded }) => pairsNeeded ?? []);
  return [
    ...broken,
    `${method}, error rate ${100 * rules.alpha} % over ${counted(tests, 'test')} together (Holm).`,
    ...(seen.length > 0 ? [`Smallest change seen in ${100 * POWER} of 100 cases: ${seen.join(', ')}.`] : []),
    ...(needed.length > 0 ? [`About ${Math.max(...needed)} would decide what is open.`] : []),
  ].join(' ');
}
