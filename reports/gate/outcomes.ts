/**
 * How a gate's findings are put into words and marks, in one place, so that the page, the terminal, Markdown, JUnit
 * and annotations say the same. An effect is told so that plus is worse, whichever way its measure points.
 */
import type { GateGuard, GateResult, MeasureDecision, MeasureOutcome, SideName } from '../../harness/contract/gate.ts';
import type { VerdictStatus } from '../../harness/contract/verdict.ts';
import { number, UNKNOWN, withUnit } from '../model/format.ts';

/** Mark, word and status of each outcome; a status of null is neither good nor bad. */
export const OUTCOMES: Record<MeasureOutcome, { mark: string; word: string; status: VerdictStatus | null }> = {
  regressed: { mark: '✕', word: 'regressed', status: 'fail' },
  undecided: { mark: '?', word: 'undecided', status: 'unknown' },
  improved: { mark: '★', word: 'improved', status: 'pass' },
  'within-noise': { mark: '≈', word: 'within noise', status: 'pass' },
  unchanged: { mark: '✓', word: 'unchanged', status: 'pass' },
  reported: { mark: '·', word: 'not judged', status: null },
};

const NONE = '–';
const ORDER = Object.keys(OUTCOMES) as MeasureOutcome[];

/** Measures, those that matter first; among equals in the order of the result. */
export function mattersFirst(measures: readonly MeasureDecision[]): MeasureDecision[] {
  return [...measures].sort((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
}

/** How the gate as a whole is shown: what was interrupted, and what a guard forbids to trust, is never a pass. */
export function gateStatus(result: GateResult): { status: VerdictStatus; word: string; mark: string } {
  if (result.decision === 'regressed') return { status: 'fail', word: 'Regressed', mark: '✕' };
  if (result.partial) return { status: 'unknown', word: 'Interrupted', mark: '?' };
  if (result.decision === 'pass' && result.verdict.status === 'pass' && result.guards.every((guard) => guard.ok))
    return { status: 'pass', word: 'Pass', mark: '✓' };
  return { status: 'unknown', word: 'Undecided', mark: '?' };
}

/** The verdict's sentence without a leading status word, which stands beside it as a mark; figures keep their units. */
export function gateSentence(result: GateResult): string {
  return result.verdict.sentence
    .replace(/^(pass|fail|regressed|unknown|undecided|invalid|interrupted)(ed)?(: ?| (?=after))/i, '')
    .replace(/(\d) (%|points?\b|m?s\b)/g, '$1\u00a0$2');
}

/** The explanation without what the sentence has said already. */
export function gateExplanation(result: GateResult): string {
  return brokenGuards(result, true)
    .reduce((text, guard) => text.replace(`${guard.message}. `, ''), result.verdict.explanation)
    .trim();
}

/** Guards that forbid trust; either those that the sentence names, or the others. */
export function brokenGuards(result: GateResult, named: boolean): GateGuard[] {
  return result.guards.filter((guard) => !guard.ok && result.verdict.sentence.includes(guard.message) === named);
}

/** Measures that need a reason of their own: regressed or undecided, and the sentence does not give the reason. */
export function unexplained(result: GateResult): MeasureDecision[] {
  return mattersFirst(result.measures).filter(
    ({ outcome, why }) =>
      (outcome === 'regressed' || outcome === 'undecided') && !result.verdict.sentence.includes(why),
  );
}

/** What the outcome of one measure counts for, in view of the whole: nothing passes that may not be trusted. */
export function countedStatus(result: GateResult, decision: MeasureDecision): VerdictStatus {
  const { status } = OUTCOMES[decision.outcome];
  const gate = gateStatus(result).status;
  if (status === 'fail') return gate === 'fail' ? 'fail' : 'unknown';
  if (status !== 'pass') return 'unknown';
  return result.partial || result.guards.some((guard) => !guard.ok) ? 'unknown' : 'pass';
}

/** An effect with its sign: `+5.1 %`, `−0.2 points`, `0 %`; plus is worse. */
export function effectText(decision: MeasureDecision, value: number | null): string {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  const size = sizeText(decision, Math.abs(value));
  return Number.parseFloat(size) === 0 ? size : `${value > 0 ? '+' : '−'}${size}`;
}

/** The size of an effect without a sign: `5 %`, `0.1 points`. A hundredth of what is allowed is as fine as it is told. */
export function sizeText(decision: MeasureDecision, value: number | null): string {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  const factor = decision.scale === 'ratio' ? 100 : 1;
  const fine = (decision.tolerance * factor) / 100;
  const digits = fine > 0 ? Math.min(12, Math.max(0, Math.ceil(-Math.log10(fine)))) : 3;
  const size = Number((value * factor).toFixed(digits));
  if (decision.scale === 'ratio') return `${number(size)}\u00a0%`;
  return withUnit(size, decision.unit).replace(/%$/, size === 1 ? 'point' : 'points');
}

/** The interval of an effect: `−1.2 to +5.4 %`; an end that few pairs can not give is none. */
export function intervalText(decision: MeasureDecision): string {
  const { low, high } = decision;
  if (low === null && high === null) return decision.outcome === 'reported' ? NONE : 'unbounded';
  if (low === null) return `up to ${effectText(decision, high)}`;
  if (high === null) return `from ${effectText(decision, low)}`;
  const [from, to] = [effectText(decision, low), effectText(decision, high)];
  const unit = /\u00a0\S+$/.exec(to)?.[0] ?? '';
  return `${unit !== '' && from.endsWith(unit) ? from.slice(0, -unit.length) : from} to ${to}`;
}

/** What is let pass: `5 %`; a dash where nothing is judged. */
export function allowedText(decision: MeasureDecision): string {
  return decision.outcome === 'reported' ? NONE : sizeText(decision, decision.tolerance);
}

/** The smallest effect that could have been seen; a dash where too little was measured to say. */
export function seenText(decision: MeasureDecision): string {
  const { smallestDetectable: size, outcome } = decision;
  // Few values that happen to be equal have no spread, and that tells nothing.
  const told = size !== null && outcome !== 'reported' && !(size === 0 && outcome === 'undecided');
  return told ? sizeText(decision, size) : NONE;
}

/** A measure's name without what explains it: `Hit ratio` of `Hit ratio: answered from the cache`. */
export function shortTitle(decision: MeasureDecision): string {
  return decision.title.split(': ')[0]!;
}

/** An effect in a sentence: `5.1 % worse`, `2 % better`, `no different`. */
export function effectWords(decision: MeasureDecision): string {
  if (decision.effect === null) return 'not known';
  const size = sizeText(decision, Math.abs(decision.effect));
  if (Number.parseFloat(size) === 0) return 'no different';
  return `${size} ${decision.effect > 0 ? 'worse' : 'better'}`;
}

/** What a side is called, as a person named it. */
export function sideTitle(result: GateResult, name: SideName): string {
  const side = result.sides.find((one) => one.name === name);
  if (side) return side.title;
  return name === 'base' && result.baseline ? `baseline ${result.baseline.file}` : name;
}

/** One line of what was done: `24 alternating pairs`, `12 trials against a baseline`. */
export function effortText(result: GateResult): string {
  const judged = result.trials.filter((trial) => trial.purpose === 'judge');
  if (result.evidence === 'baseline') {
    const count = judged.filter((trial) => trial.side === 'candidate').length;
    return `${count} ${count === 1 ? 'trial' : 'trials'} against a stored baseline`;
  }
  const count = new Set(judged.map((trial) => trial.pair)).size;
  return `${count} ${result.design ?? ''} ${count === 1 ? 'pair' : 'pairs'}`.replace(/ +/g, ' ');
}

/** Faults of a side that its checks found, in words; null where none did. */
export function failedChecksText(result: GateResult, side: SideName): string | null {
  const own = result.trials.filter((trial) => trial.side === side && trial.purpose === 'judge');
  const failed = own.filter((trial) => trial.failedChecks.length > 0);
  if (failed.length === 0) return null;
  const names = [...new Set(failed.flatMap((trial) => trial.failedChecks))];
  return `${side}: ${names.join(', ')} failed in ${failed.length} of ${own.length} trials`;
}
