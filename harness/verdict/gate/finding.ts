/**
 * What the numbers say of one measure, before anything is decided: its effect on the scale on which it is judged, the
 * bounds, and the exact p-values. Pairs and a baseline differ in how they come by these, and in nothing after that.
 */
import type { EffectScale } from '../../contract/gate.ts';
import type { MeasureMeta } from '../../contract/verdict.ts';
import type { Location } from '../../stats/location.ts';
import type { Tail } from '../../stats/ranks.ts';

/** Effects in the inner unit: logarithms for ratios, the measure's own unit for differences; positive is worse. */
export interface MeasureFinding {
  meta: MeasureMeta;
  scale: EffectScale;
  /** Medians, in the measure's unit. */
  base: number | null;
  candidate: number | null;
  /** Largest effect that is let pass, in the inner unit. */
  margin: number;
  n: number;
  spread: number | null;
  /** `exact` where there is no noise at all: every pair, or trial, says the same. */
  kind: 'exact' | 'tested' | 'unknown';
  location: Location | null;
  greater: Tail | null;
  less: Tail | null;
  /** Added to the reason: why another scale is used, or why nothing is known. */
  note: string | null;
}

/** Differences smaller than this, relative to the values, are the same: counts come as quotients. */
const SAME = 1e-9;

/** Whether all values are one. */
export function allEqual(values: readonly number[], size: number): boolean {
  return Math.max(...values) - Math.min(...values) <= SAME * size;
}

/** Where there is no noise the effect is known, and its bounds are itself. */
export function exactly(effect: number): Location {
  return { estimate: effect, lower: () => effect, upper: () => effect };
}

/** Turns a measure so that larger is worse. */
export function worseSign(meta: MeasureMeta): 1 | -1 {
  return meta.better === 'higher' ? -1 : 1;
}

/** The scale that values allow: ratios of zeros do not exist, so differences stand in for them. */
export function scaleFor(
  rule: { scale: EffectScale; tolerance: number },
  values: readonly number[],
  baseMedian: number,
): { scale: EffectScale; margin: number; note: string | null } {
  if (rule.scale === 'difference') return { scale: 'difference', margin: rule.tolerance, note: null };
  if (values.every((value) => value > 0)) return { scale: 'ratio', margin: Math.log1p(rule.tolerance), note: null };
  return {
    scale: 'difference',
    margin: rule.tolerance * Math.abs(baseMedian),
    note: 'compared by differences and not ratios, since it is 0 in some trials',
  };
}

/** From the inner unit to what people read: a share for ratios. Infinite and unknown become null. */
export function told(effect: number | null, scale: EffectScale): number | null {
  if (effect === null || !Number.isFinite(effect)) return null;
  return scale === 'ratio' ? Math.expm1(effect) : effect;
}

/** Effects of pairs in order, positive is worse. */
export function effectsOf(
  known: readonly { base: number; candidate: number }[],
  scale: MeasureFinding['scale'],
  meta: MeasureMeta,
): number[] {
  const sign = worseSign(meta);
  return known.map(({ base, candidate }) => sign * (scale === 'ratio' ? Math.log(candidate / base) : candidate - base));
}
