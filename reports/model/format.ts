/**
 * Numbers as people read them: three significant digits, the unit beside them, `unknown` where nothing was measured.
 * One place, so that the same number looks alike in the HTML report, on the terminal and in Markdown.
 */
import { format } from 'd3-format';
import type { MeasureMeta } from '../../harness/contract/verdict.ts';

export const UNKNOWN = 'unknown';
const THIN = '\u00a0';
const whole = format(',.0f');
const significant = format('.3~r');

/** Three significant digits with thousands separators: 0.862, 26.2, 341, 1,410. Whole numbers stay whole. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  const size = Math.abs(value);
  return size >= 99.95 || Number.isInteger(value) ? whole(value) : significant(value);
}

/** A latency in the unit that suits it: `862 µs`, `42 ms`, `1.41 s`. */
export function milliseconds(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return UNKNOWN;
  if (ms === 0) return `0${THIN}ms`;
  if (Math.abs(ms) < 0.1) return `${number(ms * 1000)}${THIN}µs`;
  if (Math.abs(ms) < 999.5) return `${number(ms)}${THIN}ms`;
  // 1,996 ms is 2.00 s: the zeros tell it from a round 2 s.
  return `${ms % 1000 === 0 || Math.abs(ms) >= 99_950 ? number(ms / 1000) : (ms / 1000).toPrecision(3)}${THIN}s`;
}

/** `1.34 MiB`. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let scaled = value;
  let i = 0;
  while (Math.abs(scaled) >= 1024 && i < units.length - 1) {
    scaled /= 1024;
    i++;
  }
  return `${number(scaled)}${THIN}${units[i]}`;
}

/** A value with its unit. */
export function withUnit(value: number | null | undefined, unit: MeasureMeta['unit']): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  if (unit === 'ms') return milliseconds(value);
  if (unit === 'bytes') return bytes(value);
  if (unit === 's') return `${number(value)}${THIN}s`;
  if (unit === '%') return `${number(value)}${THIN}%`;
  if (unit === '/s') return `${number(value)}/s`;
  return number(value);
}

/** What stands behind a number in a table's head; empty for pure counts. */
export function unitLabel(unit: MeasureMeta['unit']): string {
  return unit === 'count' || unit === 'ratio' ? '' : unit;
}

/** A difference with its sign: `+562 ms`, `−1.8 s`. */
export function signed(value: number, unit: MeasureMeta['unit']): string {
  const text = withUnit(Math.abs(value), unit).replace(`${THIN}%`, `${THIN}points`);
  return value === 0 ? text : `${value > 0 ? '+' : '−'}${text}`;
}

/** Seconds on a time axis: `0`, `12.5`. */
export function seconds(ms: number): string {
  return number(Number((ms / 1000).toFixed(2)));
}

/** `1 repeat`, `3 repeats`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)}${THIN}${count === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/**
 * Text from outside, without control characters: they could drive a terminal, break XML, or hide what stands there.
 * Line breaks become spaces.
 */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/[\p{Bidi_Control}\ufffe\uffff]/gu, '\ufffd');
}
