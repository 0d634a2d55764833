/**
 * Thresholds as people write them: `p99<50ms`, `during.errors<1%`, `oversell==0`. A name that does not exist or a
 * unit that does not fit is refused before the run, because a threshold that silently checks nothing is worse than
 * none. A value that is not known never passes.
 */
import { HarnessError } from '../contract/errors.ts';
import type { ThresholdResult } from '../contract/result.ts';
import type { MeasureMeta } from '../contract/verdict.ts';
import { unknownName } from '../kit/suggest.ts';
import { findMeasure, measureNames } from './measures.ts';
import { PHASE_NAMES } from './phases.ts';

type Operator = ThresholdResult['operator'];

export interface ParsedThreshold {
  /** As the person wrote it, trimmed. */
  text: string;
  /** The measure's id, also where a short name was written. */
  measure: string;
  /** `run` where none was written. */
  phase: ThresholdResult['phase'];
  operator: Operator;
  /** In the measure's unit. */
  limit: number;
  unit: MeasureMeta['unit'];
}

const FORM = /^([A-Za-z][\w.]*)\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*(\S*)$/i;
const EXAMPLE = 'write it like p99<50ms, during.errors<1%, db.peakRate<200/s or oversell==0';

/** Written units by the measure's unit, each with its factor. `` is a bare number. */
const UNITS: Readonly<Record<MeasureMeta['unit'], Readonly<Record<string, number>>>> = {
  ms: { us: 0.001, µs: 0.001, ms: 1, s: 1000, m: 60_000 },
  s: { ms: 0.001, s: 1, m: 60 },
  '%': { '%': 1 },
  '/s': { '/s': 1, '/min': 1 / 60, rps: 1 },
  ratio: { '': 1, '%': 0.01 },
  count: { '': 1 },
  bytes: { B: 1, KB: 1e3, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  loads: { '': 1, loads: 1 },
  queries: { '': 1, queries: 1 },
};

/**
 * Reads one threshold: `[phase.]measure operator number unit`. Phases are run (default), before, during and after;
 * measures go by id or short name; a bare number is taken for counts and ratios only, and 0 for everything.
 *
 * @throws HarnessError BAD_PARAMETER for a wrong form or unit, UNKNOWN_NAME for a measure or phase that does not exist
 * @example parseThreshold('during.p99<0.25s') // latency.p99 of `during` below 250 ms
 */
export function parseThreshold(text: string): ParsedThreshold {
  const trimmed = text.trim();
  const match = FORM.exec(trimmed);
  if (!match)
    throw new HarnessError('BAD_PARAMETER', `'${trimmed}' is not a threshold`, {
      hint: /[^<>=!]=[^=]/.test(trimmed) ? `compare with ==, not =; ${EXAMPLE}` : EXAMPLE,
    });
  const [, name, operator, number, unit] = match as unknown as [string, string, Operator, string, string];
  const { phase, measure } = resolveName(name);
  const units = UNITS[measure.unit];
  const zero = unit === '' && Number(number) === 0;
  const factor = Object.hasOwn(units, unit) ? units[unit] : zero ? 1 : undefined;
  if (factor === undefined)
    throw new HarnessError(
      'BAD_PARAMETER',
      unit === ''
        ? `'${trimmed}' lacks a unit: ${measure.id} is measured in ${measure.unit}`
        : `'${trimmed}': ${measure.id} is measured in ${wordFor(measure.unit)}, not in ${unit}`,
      { hint: `write ${name}${operator}${number}${Object.keys(units)[measure.unit === 'ms' ? 2 : 0] ?? ''}` },
    );
  // 0.3 s is 300 ms, not 299.99999999999994 ms.
  const limit = Number((Number(number) * factor).toPrecision(15));
  return { text: trimmed, measure: measure.id, phase, operator, limit, unit: measure.unit };
}

function wordFor(unit: MeasureMeta['unit']): string {
  return unit === 'count' || unit === 'ratio' ? `plain numbers (${unit})` : unit;
}

function resolveName(name: string): { phase: ParsedThreshold['phase']; measure: MeasureMeta } {
  const dot = name.indexOf('.');
  const head = name.slice(0, dot);
  const rest = name.slice(dot + 1);
  const phase = PHASE_NAMES.find((known) => known === head);
  const measure = findMeasure(phase ? rest : name);
  if (measure) return { phase: phase ?? 'run', measure };
  // "durng.p99" is a slip in the phase, not a measure that nobody knows.
  if (!phase && dot > 0 && findMeasure(rest)) throw unknownName('phase', head, PHASE_NAMES);
  throw unknownName('measure', phase ? rest : name, measureNames());
}

/** Values by phase and measure id. Infinity stands for "never" and fails every upper limit; null is unknown. */
export type MeasureValues = Readonly<Record<string, Readonly<Record<string, number | null>>>>;

/** Holds a threshold against the values. A phase or value that is not there gives unknown. */
export function evaluateThreshold(parsed: ParsedThreshold, values: MeasureValues): ThresholdResult {
  const actual = values[parsed.phase]?.[parsed.measure] ?? null;
  const known = actual !== null && !Number.isNaN(actual);
  return {
    ...parsed,
    actual: known && Number.isFinite(actual) ? actual : null,
    status: !known ? 'unknown' : holds(actual, parsed.operator, parsed.limit) ? 'pass' : 'fail',
  };
}

function holds(actual: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case '<':
      return actual < limit;
    case '<=':
      return actual <= limit;
    case '>':
      return actual > limit;
    case '>=':
      return actual >= limit;
    case '==':
      return actual === limit;
    case '!=':
      return actual !== limit;
  }
}
