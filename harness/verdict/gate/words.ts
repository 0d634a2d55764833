/** Effects, tolerances and decisions in words, the same in every output. */
import type { EffectScale, MeasureDecision } from '../../contract/gate.ts';
import type { MeasureMeta } from '../../contract/verdict.ts';
import { formatValue } from '../wording.ts';

type Scaled = Pick<MeasureMeta, 'unit'> & { scale: EffectScale };

/** The size of an effect without its direction: `5.2 %`, `0.3 points`, `2 loads`. */
export function sizeText(effect: number, { scale, unit }: Scaled): string {
  const size = Math.abs(effect);
  if (scale === 'ratio') return `${figure(100 * size)} %`;
  if (unit === '%') return `${figure(size)} points`;
  return formatValue(size, unit);
}

/** An effect with its direction: `5.2 % worse`, `0.3 points better`, `no change`. */
export function effectText(effect: number, measure: Scaled): string {
  const text = sizeText(effect, measure);
  if (Number.parseFloat(text) === 0) return 'no change';
  return `${text} ${effect > 0 ? 'worse' : 'better'}`;
}

/** `3.1 % better to 0.4 % worse`, `1.2 to 3.4 % worse`; null where the interval has no end. */
export function intervalText(measure: MeasureDecision): string | null {
  const { low, high } = measure;
  if (low === null || high === null) return null;
  const [nearer, farther] = high <= 0 ? [high, low] : [low, high];
  const direction = high <= 0 ? 'better' : 'worse';
  if (low * high < 0 || nearer === 0) return `${effectText(low, measure)} to ${effectText(high, measure)}`;
  const near = sizeText(nearer, measure).replace(/ (%|points)$/, '');
  return `${near} to ${sizeText(farther, measure)} ${direction}`;
}

/** A share as a person reads it, two or three digits. */
function figure(value: number): string {
  return String(value >= 100 ? Math.round(value) : Number(value.toPrecision(value >= 10 ? 3 : 2)));
}

/** `p95 latency` and not `P95 latency`, `the database queries per request`: a title inside a sentence. */
export function inSentence(title: string): string {
  return /^[A-Z][a-z]/.test(title) && !title.startsWith('Redis') ? title[0]!.toLowerCase() + title.slice(1) : title;
}
