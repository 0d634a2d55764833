/**
 * What pairs of trials say of one measure. Ratios are judged by the signed-rank test and the Hodges-Lehmann estimate;
 * differences, which are mostly 0 but for a few, by the sign-flip test of their mean. Pairs in which a side does not
 * know the measure do not count, and a measure that one side never knows is unknown and not unchanged.
 */
import type { GateRules } from '../../contract/gate.ts';
import type { MeasureMeta } from '../../contract/verdict.ts';
import { seededRandom } from '../../kit/random.ts';
import { walshLocation } from '../../stats/hodges-lehmann.ts';
import { median } from '../../stats/quantile.ts';
import { meanLocation, signFlipTest } from '../../stats/sign-flip.ts';
import { signedRankTest } from '../../stats/signed-rank.ts';
import { standardDeviation } from '../../stats/spread.ts';
import { type MeasuredPair, pairsFor } from './counting.ts';
import { allEqual, effectsOf, exactly, type MeasureFinding, scaleFor } from './finding.ts';

/**
 * @param rule how the measure is judged
 * @returns null where neither side ever knows the measure: it does not exist in this profile
 */
export function pairFinding(
  meta: MeasureMeta,
  rule: GateRules['tolerances'][string],
  all: readonly MeasuredPair[],
): MeasureFinding | null {
  const pairs = pairsFor(meta, all);
  const bases = pairs.flatMap(({ base }) => base.measures[meta.id] ?? []);
  const candidates = pairs.flatMap(({ candidate }) => candidate.measures[meta.id] ?? []);
  const anywhere = all.some(
    ({ base, candidate }) => (base.measures[meta.id] ?? candidate.measures[meta.id] ?? null) !== null,
  );
  if (!anywhere) return null;
  const known = pairs.flatMap(({ base, candidate }) => {
    const [b, c] = [base.measures[meta.id] ?? null, candidate.measures[meta.id] ?? null];
    return b === null || c === null ? [] : [{ base: b, candidate: c }];
  });
  const common = { meta, base: median(bases), candidate: median(candidates), n: known.length };
  if (known.length === 0) {
    const silent = bases.length === 0 ? 'the base' : candidates.length === 0 ? 'the candidate' : null;
    return {
      ...common,
      scale: rule.scale,
      margin: rule.scale === 'ratio' ? Math.log1p(rule.tolerance) : rule.tolerance,
      spread: null,
      kind: 'unknown',
      location: null,
      greater: null,
      less: null,
      note:
        pairs.length === 0
          ? 'its times are worth nothing in any pair'
          : silent === null
            ? 'no pair knows it on both sides'
            : `it is known of one side only: ${silent} does not tell`,
    };
  }
  const { scale, margin, note } = scaleFor(
    rule,
    known.flatMap((pair) => [pair.base, pair.candidate]),
    median(known.map((pair) => pair.base))!,
  );
  const effects = effectsOf(known, scale, meta);
  const size = scale === 'ratio' ? 1 : Math.max(...known.map((pair) => Math.abs(pair.base)), 1e-300);
  const lost = all.length - known.length;
  const found = { ...common, scale, margin, spread: standardDeviation(effects) };
  const notes = [note, lost > 0 ? `${lost} of ${all.length} pairs do not tell it` : null].filter((n) => n !== null);
  const said = notes.length === 0 ? null : notes.join('; ');
  if (allEqual(effects, size))
    return { ...found, kind: 'exact', location: exactly(effects[0]!), greater: null, less: null, note: said };
  if (scale === 'ratio')
    return {
      ...found,
      kind: 'tested',
      location: walshLocation(effects),
      ...tails(signedRankTest(effects)),
      note: said,
    };
  const random = seededRandom(0, `sign-flip:${meta.id}`);
  return {
    ...found,
    kind: 'tested',
    location: meanLocation(effects, random),
    ...signFlipTest(effects, random),
    note: said,
  };
}

function tails({ greater, less }: Pick<MeasureFinding, 'greater' | 'less'>): Pick<MeasureFinding, 'greater' | 'less'> {
  return { greater, less };
}
