/**
 * What forbids trust in pairs of trials. A guard makes a decision undecided and never a pass. Invalid trials and a
 * noisy machine forbid passing only: the exact test needs no calm machine, since a random order makes the noise of a
 * pair symmetric. Stolen CPU, a lagging generator and drift forbid judging times at all, and leave counts alone.
 */
import type { GateRules } from '../../contract/gate.ts';
import type { MeasureMeta } from '../../contract/verdict.ts';
import { autocorrelationBound, lagOneAutocorrelation } from '../../stats/autocorrelation.ts';
import { median } from '../../stats/quantile.ts';
import { mean, spreadLowerBound } from '../../stats/spread.ts';
import { counted, formatValue, listed } from '../wording.ts';
import type { ScopedGuard } from './conclude.ts';
import { isTimed, isUndisturbed, isValid, pairsFor, type TrialPair } from './counting.ts';
import { noiseFloor } from './decide-measure.ts';
import { effectsOf, type MeasureFinding, scaleFor, told } from './finding.ts';
import { inSentence, sizeText } from './words.ts';

/** One in ten pairs may be lost to the machine; more, and those that are left are a choice. */
const MAX_INVALID_SHARE = 0.1;
/**
 * Bursts of stolen CPU time do not know the sides, and other pairs take the place of those that they fell into, so what
 * is left is no choice. A machine that is given away every third time is none to measure on.
 */
const MAX_DISTURBED_SHARE = 1 / 3;
/** Mean over the trials that count. Up to here stealing hits both sides alike and is part of the spread. */
const MAX_STOLEN_SHARE = 0.05;
/** Of the p99 that was measured: beyond this it is the generator that is measured. */
const MAX_LAG_SHARE = 0.75;
/** Chance that the guard of autocorrelation fires although the pairs are independent, over all times together. */
const DRIFT_CHANCE = 0.01;
const NOISE_CONFIDENCE = 0.95;

/** Trials that were invalid; pairs with one do not count. */
export function invalidGuard(pairs: readonly TrialPair[]): ScopedGuard {
  const invalid = pairs.filter((pair) => !isValid(pair));
  const reasons = [...new Set(invalid.flatMap(({ base, candidate }) => [...base.invalid, ...candidate.invalid]))];
  const onlyCandidate = invalid.filter(
    ({ base, candidate }) => candidate.invalid.length > 0 && base.invalid.length === 0,
  );
  const ok = invalid.length <= Math.max(1, MAX_INVALID_SHARE * pairs.length) || invalid.length === 0;
  const side = onlyCandidate.length === invalid.length ? ', always of the candidate' : '';
  return {
    id: 'invalid-trials',
    ok,
    forbids: 'pass',
    message:
      invalid.length === 0
        ? 'all trials are valid'
        : `${invalid.length} of ${counted(pairs.length, 'pair')} ${invalid.length === 1 ? 'has' : 'have'} an invalid trial${side} (${reasons.join('; ')}) and ${invalid.length === 1 ? 'does' : 'do'} not count`,
  };
}

/** What neither side ever knows does not exist in this profile, and is nothing to judge. */
export function absentGuard(ids: readonly string[]): ScopedGuard {
  return { id: 'absent-measures', ok: true, forbids: 'pass', message: `not measured here: ${ids.join(', ')}` };
}

/** Pairs whose times do not count, since a generator was late. Their counts do. Null where there are none. */
export function timesGuard(pairs: readonly TrialPair[]): ScopedGuard | null {
  const lost = pairs.filter((pair) => !isTimed(pair));
  if (lost.length === 0) return null;
  const reasons = [
    ...new Set(lost.flatMap(({ base, candidate }) => [...base.timesInvalid, ...candidate.timesInvalid])),
  ];
  return {
    id: 'times',
    ok: lost.length <= Math.max(1, MAX_INVALID_SHARE * pairs.length),
    forbids: 'pass',
    message: `in ${lost.length} of ${counted(pairs.length, 'pair')} the times do not count (${listed(reasons.slice(0, 3))}), and the counts do`,
  };
}

/** Pairs into which a burst of stolen CPU time fell; they do not count. Null where there are none. */
export function disturbedGuard(pairs: readonly TrialPair[]): ScopedGuard | null {
  const lost = pairs.filter((pair) => !isUndisturbed(pair));
  if (lost.length === 0) return null;
  const worst = Math.max(
    ...lost.flatMap(({ base, candidate }) => [base.stolenCpuShare ?? 0, candidate.stolenCpuShare ?? 0]),
  );
  const [bursts, does] =
    lost.length === 1 ? ['a burst of stolen CPU time', 'it does'] : ['bursts of stolen CPU time', 'they do'];
  return {
    id: 'stolen-pairs',
    ok: lost.length <= MAX_DISTURBED_SHARE * pairs.length,
    forbids: 'pass',
    message: `${bursts} (up to ${Math.round(100 * worst)} %) fell into ${lost.length} of ${counted(pairs.length, 'pair')}: ${does} not count, and others take their place`,
  };
}

/** CPU time that the hypervisor took all the while, in the pairs that count. */
export function stolenGuard(pairs: readonly TrialPair[]): ScopedGuard {
  const shares = pairs
    .filter(isTimed)
    .flatMap(({ base, candidate }) => [base.stolenCpuShare ?? [], candidate.stolenCpuShare ?? []].flat());
  const share = mean(shares);
  const text = share === null ? '' : `${(100 * share).toFixed(1)} % of the CPU time was stolen by other machines`;
  return {
    id: 'stolen-cpu',
    ok: share === null || share <= MAX_STOLEN_SHARE,
    forbids: 'times',
    message: share === null ? 'stolen CPU time is not told here' : `${text}, at most ${100 * MAX_STOLEN_SHARE} %`,
  };
}

/** Lag of the generator is part of latency from the intended send: it must not be most of it. */
export function lagGuard(all: readonly TrialPair[]): ScopedGuard {
  const pairs = all.filter(isTimed);
  const lagOf = (side: 'base' | 'candidate'): number | null =>
    median(pairs.flatMap((pair) => pair[side].generatorLagP99Ms ?? []));
  const [ofBase, ofCandidate] = [lagOf('base'), lagOf('candidate')];
  const p99 = median(pairs.flatMap(({ base }) => base.measures['latency.p99'] ?? []));
  if (ofBase === null || ofCandidate === null || p99 === null)
    return { id: 'generator-lag', ok: true, forbids: 'times', message: 'the lag of the generator is not told' };
  const lags = `lag of the generator (p99) ${formatValue(ofBase, 'ms')} at the base and ${formatValue(ofCandidate, 'ms')} at the candidate`;
  const ok = ofBase <= MAX_LAG_SHARE * p99;
  const of = `with a p99 latency of ${formatValue(p99, 'ms')}`;
  return {
    id: 'generator-lag',
    ok,
    forbids: 'times',
    message: ok ? `${lags}, ${of}` : `${lags}, ${of}: what is measured is the generator`,
  };
}

/**
 * Pairs that hang together are worth less than as many independent ones. Only towards each other: pairs that
 * alternate make the bounds wider than they need be, and fool nobody. The bound grows as pairs get fewer (0.62 for 12
 * pairs of four times, 0.50 for 24): a fixed 0.5 would call one in eight calm series of 12 pairs doubtful.
 */
export function driftGuard(findings: readonly MeasureFinding[], pairs: readonly TrialPair[]): ScopedGuard {
  const times = findings.filter(({ kind, meta }) => kind === 'tested' && meta.evidence === 'time');
  const found = times.flatMap(({ meta, scale }) => {
    const values = lagOneAutocorrelation(effectsOf(knownPairs(meta, pairs), scale, meta));
    if (values === null) return [];
    const bound = autocorrelationBound(pairs.filter(isTimed).length, DRIFT_CHANCE / times.length);
    return [{ id: meta.id, name: inSentence(meta.title), value: values, bound }];
  });
  const over = found.filter(({ value, bound }) => value > bound);
  return {
    id: 'drift',
    ok: over.length === 0,
    forbids: over.map(({ id }) => id),
    message:
      over.length === 0
        ? 'pairs do not hang together'
        : `pairs hang together: autocorrelation ${listed(over.map(({ name, value }) => `${value.toFixed(2)} of ${name}`))}, at most ${over[0]!.bound.toFixed(2)} by chance`,
  };
}

/** Base against base: whether the tolerance can be reached on this machine at all. */
export function noiseGuard(
  noise: readonly TrialPair[],
  metas: readonly MeasureMeta[],
  rules: GateRules,
): ScopedGuard | null {
  if (noise.length === 0) return null;
  const floors = metas.flatMap((meta) => {
    const known = knownPairs(meta, noise);
    if (known.length === 0) return [];
    const { scale, margin } = scaleFor(
      rules.tolerances[meta.id]!,
      known.flatMap((pair) => [pair.base, pair.candidate]),
      median(known.map((pair) => pair.base))!,
    );
    const effects = effectsOf(known, scale, meta);
    // The mean is known to be 0, so that one pair already says something.
    const seen = Math.sqrt(mean(effects.map((effect) => effect ** 2))!);
    const least = spreadLowerBound(seen, effects.length, NOISE_CONFIDENCE);
    const floor = noiseFloor(least, rules.lastLook);
    if (seen === 0 || floor < margin) return [];
    const name = { ...meta, scale };
    return [
      `${inSentence(meta.title)} at least ${sizeText(told(floor, scale)!, name)} with a tolerance of ${sizeText(told(margin, scale)!, name)}`,
    ];
  });
  const of = `${counted(noise.length, 'pair')} of the base against itself`;
  return {
    id: 'noise-floor',
    ok: floors.length === 0,
    forbids: 'pass',
    message:
      floors.length === 0
        ? `the noise of the machine allows the tolerances, from ${of}`
        : `the machine's noise floor is above the tolerance, from ${of}; the smallest difference that ${rules.lastLook} pairs could show: ${listed(floors)}`,
  };
}

function knownPairs(meta: MeasureMeta, pairs: readonly TrialPair[]): { base: number; candidate: number }[] {
  return pairsFor(meta, pairs).flatMap(({ base, candidate }) => {
    const [b, c] = [base.measures[meta.id] ?? null, candidate.measures[meta.id] ?? null];
    return b === null || c === null ? [] : [{ base: b, candidate: c }];
  });
}
