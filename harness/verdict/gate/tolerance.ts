/**
 * Reads a tolerance as a person writes it: `p99=10%`, `hitRatio=0.5pt`, `oversold=0`. What could be meant in two ways
 * is refused: whether 1 % of an error rate is a share of it or a percentage point is not guessed.
 */
import { HarnessError } from '../../contract/errors.ts';
import type { EffectScale } from '../../contract/gate.ts';
import type { MeasureMeta } from '../../contract/verdict.ts';
import { unknownName } from '../../kit/suggest.ts';
import { findMeasure, measureNames } from '../measures.ts';

export interface Tolerance {
  /** Id of the measure. */
  measure: string;
  scale: EffectScale;
  /** A share for ratios, the measure's own unit for differences; percentage points for shares. */
  tolerance: number;
}

/** More than ten times as much is no tolerance. */
const MOST_RATIO = 10;
const MS_PER: Readonly<Record<string, number>> = { ms: 1, s: 1000 };

/**
 * @param text measure, by id or short name, `=`, and a number with `%` (of the base), `pt` (percentage points), `ms` or
 * `s` (for times), or without a unit for counts
 * @param defaults how measures are compared where nobody said otherwise
 * @throws HarnessError UNKNOWN_NAME for a measure that does not exist, BAD_PARAMETER for anything else
 */
export function parseTolerance(
  text: string,
  defaults: Readonly<Record<string, { scale: EffectScale }>> = {},
): Tolerance {
  const match = /^\s*([\w.]+)\s*=\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*(%|pt|points?|ms|s)?\s*$/.exec(text);
  if (!match)
    throw bad(
      `'${text}' is no tolerance`,
      'write a measure and a size, for example p99=10%, hitRatio=0.5pt, oversold=0',
    );
  const [, name = '', digits = '', suffix = ''] = match;
  const meta = findMeasure(name);
  if (!meta) throw unknownName('measure', name, measureNames());
  if (meta.better === 'neither')
    throw bad(`${meta.id} has no tolerance`, `more of it is neither better nor worse: ${meta.title}`);
  const size = Number(digits);
  if (size < 0)
    throw bad(`tolerance '${text}' is below 0`, 'a tolerance is the largest change for the worse that is let pass');
  const read = { measure: meta.id, ...sizeOf(size, suffix, meta, defaults[meta.id]?.scale, text) };
  if (read.scale === 'ratio' && read.tolerance > MOST_RATIO)
    throw bad(
      `tolerance '${text}' is more than ten times the base`,
      'leave the measure out with another choice of measures',
    );
  return read;
}

function sizeOf(
  size: number,
  suffix: string,
  meta: MeasureMeta,
  usual: EffectScale | undefined,
  text: string,
): Omit<Tolerance, 'measure'> {
  if (suffix === '%') {
    if (usual === 'difference' || meta.unit === '%')
      throw bad(
        `tolerance '${text}' could mean two things`,
        `${meta.id} is compared by differences: write ${example(meta)}`,
      );
    return { scale: 'ratio', tolerance: size / 100 };
  }
  if (suffix.startsWith('p')) {
    if (meta.unit !== '%') throw bad(`tolerance '${text}' is in percentage points`, `write ${example(meta)}`);
    return { scale: 'difference', tolerance: size };
  }
  if (suffix !== '') {
    if (meta.unit !== 'ms' && meta.unit !== 's') throw bad(`tolerance '${text}' is a time`, `write ${example(meta)}`);
    return { scale: 'difference', tolerance: (size * MS_PER[suffix]!) / MS_PER[meta.unit]! };
  }
  // 5 of a time, or of what is usually a ratio, is a forgotten sign.
  if (size > 0 && (usual === 'ratio' || meta.unit === 'ms' || meta.unit === 's'))
    throw bad(`tolerance '${text}' lacks its unit`, `write ${example(meta)}`);
  return { scale: 'difference', tolerance: size };
}

function example(meta: MeasureMeta): string {
  const name = meta.id;
  if (meta.unit === '%') return `${name}=0.5pt for percentage points`;
  if (meta.unit === 'ms' || meta.unit === 's') return `${name}=10% or ${name}=5${meta.unit}`;
  return `${name}=2% or, as a difference, ${name}=1`;
}

function bad(message: string, hint: string): HarnessError {
  return new HarnessError('BAD_PARAMETER', message, { hint });
}
