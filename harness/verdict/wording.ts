/** Figures as people read them: three significant digits, the unit that fits, no false precision. */
import type { MeasureMeta } from '../contract/verdict.ts';

/** `812 ms`, `1.41 s`, `2.7 loads`, `12.3 MB`, `99.6 %`, `500/s`. */
export function formatValue(value: number, unit: MeasureMeta['unit']): string {
  if (!Number.isFinite(value)) return value > 0 ? 'never' : 'unknown';
  switch (unit) {
    case 'ms':
      return Math.abs(value) >= 1000 ? `${significant(value / 1000)} s` : `${significant(value)} ms`;
    case 's':
      return Math.abs(value) < 0.1 && value !== 0 ? `${significant(value * 1000)} ms` : `${significant(value)} s`;
    case '%':
      return `${significant(value)} %`;
    case '/s':
      return `${significant(value)}/s`;
    case 'bytes':
      return formatBytes(value);
    case 'loads':
    case 'queries':
      return `${significant(value)} ${value === 1 ? unit.slice(0, -1) : unit}`;
    case 'ratio':
    case 'count':
      return significant(value);
  }
}

/** Three significant digits; whole numbers keep all of theirs, with commas from 10,000 on. */
function significant(value: number): string {
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
  return Math.abs(rounded) >= 10_000 ? rounded.toLocaleString('en-US') : String(rounded);
}

function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${significant(value)} ${units[unit]}`;
}

/** `1 threshold`, `3 thresholds`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
