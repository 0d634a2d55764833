/**
 * What is judged, and how large a change is let pass. A tolerance is what a team would merge without talking about it;
 * each has its reason here, and each can be set with `--tolerance`. Measures that a profile does not have are not judged.
 */
import type { EffectScale, GateRules } from '../../contract/gate.ts';
import { HarnessError } from '../../contract/errors.ts';
import { unknownName } from '../../kit/suggest.ts';
import { findMeasure, measureNames } from '../measures.ts';
import { parseTolerance } from './tolerance.ts';

/** The tolerance of each measure that is judged where nobody said otherwise. Differences in the measure's own unit. */
export const DEFAULT_TOLERANCES: Readonly<Record<string, { scale: EffectScale; tolerance: number }>> = {
  'latency.p50': { scale: 'ratio', tolerance: 0.05 },
  'latency.p95': { scale: 'ratio', tolerance: 0.05 },
  // Noisier than the others on any machine; at 5 % it would be undecided more often than not.
  'latency.p99': { scale: 'ratio', tolerance: 0.1 },
  'rate.achieved': { scale: 'ratio', tolerance: 0.05 },
  // 0 for a healthy service, so in percentage points.
  'errors.rate': { scale: 'difference', tolerance: 0.1 },
  // One more query for one request in fifty is a query somebody added.
  'db.queriesPerRequest': { scale: 'ratio', tolerance: 0.02 },
  // A stampede's size is chance (about ±10 % from expiry to expiry); a defence that is lost is ten times that and more.
  'db.loadsPerExpiry': { scale: 'ratio', tolerance: 0.25 },
  'redis.opsPerRequest': { scale: 'ratio', tolerance: 0.02 },
  'redis.bytesPerRequest': { scale: 'ratio', tolerance: 0.05 },
  'cache.hitRatio': { scale: 'difference', tolerance: 0.5 },
  // Nobody tolerates a little overselling.
  'stock.oversold': { scale: 'difference', tolerance: 0 },
  'stale.share': { scale: 'difference', tolerance: 0.5 },
};

/** Over all measures together: one gate in a hundred may alarm falsely, and in practice far fewer do. */
const ALPHA = 0.01;
const LOOKS = {
  'side-by-side': { firstLook: 12, lastLook: 24 },
  // Under the same traffic counts vary so little that the six trials that a bound needs pass where nothing has changed.
  baseline: { firstLook: 6, lastLook: 12 },
} as const;
export interface RulesInit {
  /** As typed, for example `p99=10%`; later ones win. */
  tolerances: readonly string[];
  /** Measures that alone are judged, by id or short name; all with a tolerance where not given. */
  only?: readonly string[];
  /** Error rate over all measures together, 0.01 where not given. */
  alpha?: number;
  firstLook?: number;
  lastLook?: number;
}

/**
 * The rules of a gate.
 *
 * @param evidence against a baseline only counts are judged
 * @throws HarnessError UNKNOWN_NAME, BAD_PARAMETER
 */
export function rulesFor(init: RulesInit, evidence: 'side-by-side' | 'baseline'): GateRules {
  const tolerances = { ...DEFAULT_TOLERANCES };
  for (const text of init.tolerances) {
    const { measure, ...rule } = parseTolerance(text, DEFAULT_TOLERANCES);
    tolerances[measure] = rule;
  }
  const only = init.only?.map((name) => {
    const measure = findMeasure(name);
    if (!measure) throw unknownName('measure', name, measureNames());
    return measure.id;
  });
  const judged = Object.entries(tolerances).filter(
    ([id]) =>
      (only === undefined || only.includes(id)) &&
      (evidence === 'side-by-side' || findMeasure(id)?.evidence === 'count'),
  );
  const { firstLook, lastLook } = { ...LOOKS[evidence], ...definedOf(init) };
  const alpha = init.alpha ?? ALPHA;
  if (!(alpha > 0 && alpha < 0.5))
    throw new HarnessError('BAD_PARAMETER', `an error rate of ${alpha} is no error rate`);
  for (const look of [firstLook, lastLook])
    if (!Number.isInteger(look) || look < 1 || look > 60)
      throw new HarnessError('BAD_PARAMETER', `a look after ${look} is not possible: a whole number from 1 to 60`);
  if (firstLook > lastLook)
    throw new HarnessError(
      'BAD_PARAMETER',
      `the first look, after ${firstLook}, is behind the last, after ${lastLook}`,
    );
  return { tolerances: Object.fromEntries(judged), alpha, firstLook, lastLook };
}

function definedOf({ firstLook, lastLook }: RulesInit): { firstLook?: number; lastLook?: number } {
  return { ...(firstLook !== undefined && { firstLook }), ...(lastLook !== undefined && { lastLook }) };
}
