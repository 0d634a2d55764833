/** Names, units and labels as OpenMetrics wants them: base units, the unit at the end of the name, three escapes. */
import type { MeasureMeta } from '../harness/contract/verdict.ts';

const SCALES: Partial<Record<MeasureMeta['unit'], { factor: number; unit: string }>> = {
  ms: { factor: 0.001, unit: 'seconds' },
  s: { factor: 1, unit: 'seconds' },
  '%': { factor: 0.01, unit: 'ratio' },
  bytes: { factor: 1, unit: 'bytes' },
};

/** The name and unit of a measure's family, for example `cachequake_latency_p99_seconds`. */
export function familyOf(prefix: string, meta: MeasureMeta): { name: string; unit: string } {
  const scale = SCALES[meta.unit];
  const suffix = scale?.unit ?? (meta.unit === '/s' ? 'per_second' : '');
  const base = `${prefix}_${snake(meta.id)}`;
  const name = suffix === '' || base.endsWith(`_${suffix}`) ? base : `${base}_${suffix}`;
  return { name, unit: scale?.unit ?? '' };
}

/** A value in the base unit of its family. */
export function inBaseUnit(value: number, unit: MeasureMeta['unit']): number {
  return Number((value * (SCALES[unit]?.factor ?? 1)).toPrecision(12));
}

/** Labels as they stand behind a name. */
export function labels(values: Record<string, string>): string {
  return `{${Object.entries(values)
    .map(([key, value]) => `${key}="${escape(value)}"`)
    .join(',')}}`;
}

/** Backslash, quote and line feed are all that the format escapes. */
export function escape(text: string): string {
  return text
    .replace(/\\/g, '\\\\')
    .replace(/\r?\n|\r/g, '\\n')
    .replace(/"/g, '\\"');
}

/** `db.loadsPerExpiry` → `db_loads_per_expiry`. */
function snake(id: string): string {
  return id
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
}
