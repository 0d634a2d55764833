/**
 * The decision on one measure, the same for pairs and for a baseline: regressed when the exact test says so and the
 * effect is at least half of the tolerance, let pass when the bound says that it is not worse than the tolerance,
 * undecided otherwise. Without noise there is nothing to test, and the effect is held against the tolerance itself.
 */
import type { GateRules, MeasureDecision, MeasureOutcome } from '../../contract/gate.ts';
import { normalQuantile } from '../../stats/normal.ts';
import { detectableEffect, pairsFor } from '../../stats/sample-size.ts';
import { type MeasureFinding, told } from './finding.ts';
import { alphaAt, type Look } from './looks.ts';
import { effectText, intervalText, sizeText } from './words.ts';

/** One-sided confidence of the bound that lets a measure pass: looking twice, each look has its part of the error. */
const CONFIDENCE = { first: 0.975, last: 0.95 } as const;
/** Of the interval that is shown, and within which a measure counts as unchanged. */
const SHOWN = 0.975;
/** Share of cases in which a smallest detectable effect would have been seen. */
export const POWER = 0.95;
/** More pairs than this are no advice. */
const MOST_ADVISED = 9999;

export interface MeasureContext {
  rules: GateRules;
  look: Look;
  /** Adjusted over all measures; null where no test was made. */
  adjusted: { greater: number; less: number } | null;
  /** Measures that share the error rate. */
  tests: number;
  /** Fewest pairs, or trials, that any outcome but undecided may rest on. */
  fewest: number;
  /** `pairs` or `trials`. */
  noun: string;
}

/** Decides one measure. */
export function decideMeasure(finding: MeasureFinding, context: MeasureContext): MeasureDecision {
  const { scale, location, margin, n } = finding;
  const outcome = outcomeOf(finding, context);
  const design = { alpha: alphaAt('last', context.rules), tests: context.tests, power: POWER };
  const seen = finding.spread === null || n < 2 ? null : detectableEffect(finding.spread, n, design);
  const decision: MeasureDecision = {
    ...finding.meta,
    outcome,
    scale,
    base: finding.base,
    candidate: finding.candidate,
    effect: told(location?.estimate ?? null, scale),
    low: told(location?.lower(SHOWN) ?? null, scale),
    high: told(location?.upper(SHOWN) ?? null, scale),
    tolerance: told(margin, scale)!,
    pValue: finding.greater?.atLeast ?? null,
    adjustedP: context.adjusted?.greater ?? null,
    n,
    spread: told(finding.spread, scale),
    smallestDetectable: finding.kind !== 'exact' ? told(seen, scale) : n < FEWEST_EXACT ? null : 0,
    pairsNeeded: outcome === 'undecided' ? pairsNeeded(finding, context) : null,
    why: '',
  };
  const note = finding.note === null ? '' : `; ${finding.note}`;
  return { ...decision, why: `${whyOf(decision, finding, context)}${finding.kind === 'unknown' ? '' : note}` };
}

function outcomeOf(finding: MeasureFinding, context: MeasureContext): MeasureOutcome {
  const { location, margin, n, kind } = finding;
  if (kind === 'unknown' || location === null || n < 1) return 'undecided';
  const { estimate } = location;
  if (kind === 'exact') {
    if (n < FEWEST_EXACT) return 'undecided';
    return estimate > margin ? 'regressed' : estimate < -margin ? 'improved' : 'unchanged';
  }
  const { adjusted, look, rules } = context;
  // What goes on needs no more than a bound to pass early; what ends here must have been able to show a regression.
  if (n < context.fewest && look !== 'first') return 'undecided';
  const alpha = alphaAt(look, rules);
  if (adjusted && estimate > 0 && estimate >= margin / 2) {
    if (adjusted.greater <= alpha) return look === 'first' || look === 'last' ? 'regressed' : 'undecided';
    // What the last look may call regressed is not let pass before it.
    if (look === 'first' && adjusted.greater <= alphaAt('last', rules)) return 'undecided';
  }
  if (adjusted && adjusted.less <= alpha && estimate < 0 && estimate <= -margin / 2) return 'improved';
  if (location.upper(look === 'last' ? CONFIDENCE.last : CONFIDENCE.first) > margin) return 'undecided';
  return location.lower(SHOWN) >= -margin && location.upper(SHOWN) <= margin ? 'unchanged' : 'within-noise';
}

/** Pairs without any noise between them that are believed: fewer may agree by chance where values are small counts. */
export const FEWEST_EXACT = 5;

/** How many pairs decide this, if its effect and spread stay what they are; null where no number does. */
function pairsNeeded(finding: MeasureFinding, context: MeasureContext): number | null {
  const { location, margin, spread, n, kind } = finding;
  if (kind === 'exact' && n < FEWEST_EXACT) return FEWEST_EXACT;
  if (location === null || kind !== 'tested') return null;
  if (n < context.fewest || spread === null) return context.fewest;
  const { estimate } = location;
  // Half of the cases would be decided with the effect as it is; a power of 50 % has no part in the formula.
  const asPass =
    estimate < margin
      ? pairsFor(spread, margin - estimate, { alpha: 1 - CONFIDENCE.last, tests: 1, power: 0.5 })
      : null;
  const asRegression =
    estimate > 0 && estimate >= margin / 2
      ? pairsFor(spread, estimate, { alpha: alphaAt('last', context.rules), tests: context.tests, power: 0.5 })
      : null;
  const fewest = Math.min(asPass ?? Infinity, asRegression ?? Infinity);
  const needed = Math.max(n + 1, context.fewest, fewest);
  return needed > MOST_ADVISED ? null : needed;
}

/**
 * The smallest margin that a measure of this spread passes with in half of the cases when nothing has changed: what a
 * machine cannot do better than, however good the candidate.
 *
 * @param spread in the inner unit
 */
export function noiseFloor(spread: number, pairs: number): number {
  return normalQuantile(CONFIDENCE.last) * spread * Math.sqrt(1.05 / pairs);
}

function whyOf(decision: MeasureDecision, finding: MeasureFinding, context: MeasureContext): string {
  const { n, outcome } = decision;
  if (finding.kind === 'unknown' || finding.location === null) return finding.note ?? 'nothing is known of it';
  const effect = effectText(decision.effect!, decision);
  const tolerance = sizeText(decision.tolerance, decision);
  if (finding.kind === 'exact') {
    if (n < FEWEST_EXACT) return `${effect}, the same in ${n} of at least ${FEWEST_EXACT} ${context.noun}`;
    return `${effect} in every one of ${n} ${context.noun}, tolerance ${tolerance}`;
  }
  if (n < context.fewest && outcome === 'undecided')
    return `${n} ${context.noun}, and no test can be made with fewer than ${context.fewest}`;
  const interval = intervalText(decision);
  const found = interval === null ? effect : `${effect} (95 % interval ${interval})`;
  const level = `adjusted p ${pText(decision.adjustedP)}`;
  switch (outcome) {
    case 'regressed':
      return `${found}, tolerance ${tolerance}, ${level}`;
    case 'improved':
      return `${found}, shown beyond doubt`;
    case 'unchanged':
      return `${found}, within the tolerance of ${tolerance} both ways`;
    case 'within-noise':
      return `${found}, not worse than the tolerance of ${tolerance}`;
    default: {
      const limit = told(
        finding.location.upper(context.look === 'last' ? CONFIDENCE.last : CONFIDENCE.first),
        finding.scale,
      );
      const bound = limit === null ? 'without a bound' : `could be ${effectText(limit, decision)}`;
      const more = decision.pairsNeeded === null ? '' : `; about ${decision.pairsNeeded} ${context.noun} would decide`;
      return `${found}, ${bound}, tolerance ${tolerance}, ${level}${more}`;
    }
  }
}

function pText(p: number | null): string {
  return p === null ? 'unknown' : p < 0.0001 ? 'below 0.0001' : String(Number(p.toPrecision(2)));
}
