/** How figures of the validation are written: shares with their bars, effects on their own scale, minutes. */
import type { MeasureDecision } from '../../harness/contract/gate.ts';
import type { Share } from './tally.ts';

export const NOT_YET = 'not measured yet';

/** `98.0 % (196 of 200; 95.0 to 99.5)`. */
export function shareText({ count, of, low, high }: Share): string {
  return of === 0 ? NOT_YET : `${percent(count / of)} (${count} of ${of}; ${percent(low)} to ${percent(high)})`;
}

/** A share as a percentage with one decimal, `97.5 %`. */
export function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

/** `+5.1 % (4.2 to 6.0)`, or in the measure's unit where it is compared by difference. */
export function effectText({ effect, low, high, scale, unit }: MeasureDecision): string {
  if (effect === null) return 'unknown';
  const of = (value: number): string =>
    scale === 'ratio' ? signed(100 * value, 1) : signed(value, Math.abs(value) < 1 ? 3 : 1);
  const bounds = low === null || high === null ? '' : ` (${of(low)} to ${of(high)})`;
  return `${of(effect)}${scale === 'ratio' ? ' %' : ` ${unit}`}${bounds}`;
}

/** A standard deviation of paired effects, on the same scale as {@link effectText}. */
export function spreadText(value: number | null, scale: MeasureDecision['scale'], unit: string): string {
  if (value === null) return 'unknown';
  return scale === 'ratio' ? `${(100 * value).toFixed(2)} %` : `${Number(value.toPrecision(2))} ${unit}`;
}

export function minutesText(minutes: { median: number; worst: number } | null): string {
  return minutes === null ? 'none' : `${minutes.median.toFixed(1)}, ${minutes.worst.toFixed(1)}`;
}

function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) > 0 ? `+${text}` : text;
}
