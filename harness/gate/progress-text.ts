/** What a person is told while a gate runs: how far it is, what is known so far, and what may still come. */
import type { GateRules, MeasureDecision } from '../contract/gate.ts';
import { formatDuration } from '../kit/units.ts';
import type { PairsProgress } from './run-pairs.ts';

/** Measures that a line has room for; the worst first. */
const SHOWN = 4;

const rounded = (ms: number): string => formatDuration(Math.max(0, Math.round(ms / 1000) * 1000));

/** How far it is and what may still come. */
export function pairsLine(
  { noise, pairs, pairMs, leftMs }: PairsProgress,
  rules: GateRules,
  noisePairs: number,
): string {
  if (noise.length < noisePairs)
    return `pair ${noise.length + 1} of ${noisePairs} of the base with itself, for the noise; about ${rounded(pairMs)} each`;
  const done = pairs.length;
  const inTime = done + Math.max(0, Math.floor(leftMs / pairMs));
  const until = Math.min(rules.lastLook, inTime);
  const next = done < rules.firstLook ? rules.firstLook : rules.lastLook;
  const when = `${done} pair${done === 1 ? '' : 's'} done, ${rounded(pairMs)} each`;
  if (done >= until) return when;
  if (next > inTime) return `${when}; time is up after ${until}, in ${rounded(leftMs)} at most`;
  const look = next === rules.firstLook ? 'the first look' : 'the last look';
  const rest = next === until ? '' : `; at most until ${until}, in ${rounded((until - done) * pairMs)}`;
  return `${when}; ${look} is after ${next}, in about ${rounded((next - done) * pairMs)}${rest}`;
}

/** What is known so far, the measures nearest to their tolerance first; null before anything is. */
export function knownLine(measures: readonly MeasureDecision[]): string | null {
  const known = measures
    .filter(({ effect, outcome }) => effect !== null && outcome !== 'reported')
    .toSorted((a, b) => share(b) - share(a));
  if (known.length === 0) return null;
  const more = known.length > SHOWN ? `, and ${known.length - SHOWN} more` : '';
  return `so far, worse is +: ${known.slice(0, SHOWN).map(one).join(', ')}${more}`;
}

const share = ({ high, effect, tolerance }: MeasureDecision): number =>
  (high ?? effect!) / (tolerance === 0 ? Number.MIN_VALUE : tolerance);

function one(measure: MeasureDecision): string {
  const range =
    measure.low === null || measure.high === null
      ? ''
      : ` (${figure(measure, measure.low)} to ${figure(measure, measure.high)})`;
  return `${measure.id} ${figure(measure, measure.effect!)}${range}`;
}

function figure({ scale, unit }: MeasureDecision, value: number): string {
  const size = scale === 'ratio' ? 100 * value : value;
  const text = `${size < 0 ? '−' : '+'}${Math.abs(size) < 0.05 ? '0' : Number(Math.abs(size).toPrecision(2))}`;
  return scale === 'ratio' ? `${text} %` : unit === '%' ? `${text} pt` : text;
}
