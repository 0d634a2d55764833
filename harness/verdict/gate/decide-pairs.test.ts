import { describe, expect, test } from 'vitest';
import type { GateDecision, MeasureDecision, Trial } from '../../contract/gate.ts';
import { seededRandom } from '../../kit/random.ts';
import { decidePairs } from './decide-pairs.ts';
import { metasOf, noisyPairs, pairsOf, trial } from './fixtures/pairs.ts';
import { alphaAt } from './looks.ts';
import type { TrialPair } from './counting.ts';
import { rulesFor } from './rules.ts';

const RULES = rulesFor({ tolerances: [] }, 'side-by-side');
const QUERIES = 'db.queriesPerRequest';

function decide(pairs: readonly TrialPair[], ids: string[], timeIsUp = false): GateDecision {
  return decidePairs({ pairs, measures: metasOf(...ids), rules: RULES, timeIsUp });
}
/** Small, known noise around a change, the same every time. */
function around(effect: number, count: number, spread = 0.01): (readonly [number, number])[] {
  return Array.from({ length: count }, (_, i) => [10, 10 * Math.exp(effect + spread * (((i * 7) % 12) / 5.5 - 1))]);
}
const p50 = (effect: number, count: number, spread?: number): TrialPair[] =>
  pairsOf('latency.p50', around(effect, count, spread));
function changed(
  pairs: TrialPair[],
  change: (pair: TrialPair, i: number) => [Partial<Trial>, Partial<Trial>],
): TrialPair[] {
  return pairs.map((pair, i) => {
    const [base, candidate] = change(pair, i);
    return { base: { ...pair.base, ...base }, candidate: { ...pair.candidate, ...candidate } };
  });
}
const only = (decision: GateDecision): MeasureDecision => decision.measures[0]!;
const guard = (decision: GateDecision, id: string) => decision.guards.find((one) => one.id === id);

describe('looks', () => {
  test('a clear pass ends the gate at the first look, and not before and not between', () => {
    expect(decide(p50(0, 11), ['latency.p50']).status).toBe('continue');
    const found = decide(p50(0, 12), ['latency.p50']);
    expect(found.status).toBe('pass');
    expect(found.sentence).toBe('no regression in 1 measure after 12 pairs');
    expect(only(found)).toMatchObject({
      outcome: 'unchanged',
      n: 12,
      scale: 'ratio',
      tolerance: expect.closeTo(0.05, 9),
    });
    expect(decide(p50(0, 18), ['latency.p50']).status).toBe('continue');
  });

  test('a regression that every pair shows ends the gate at the first look, and not before and not between', () => {
    expect(decide(p50(0.08, 11), ['latency.p50']).status).toBe('continue');
    const found = decide(p50(0.08, 12), ['latency.p50']);
    expect(found.status).toBe('regressed');
    expect(only(found)).toMatchObject({ outcome: 'regressed', adjustedP: expect.closeTo(1 / 4096, 9) });
    expect(found.sentence).toMatch(/^regressed: median latency is 8\.\d* % worse .* after 12 pairs$/);
    expect(decide(p50(0.08, 18), ['latency.p50']).status).toBe('continue');
  });

  test('a regression that one pair speaks against waits for the last look, though it would be shown', () => {
    const doubtful = (count: number) =>
      pairsOf(
        'latency.p50',
        around(0.08, count).map(([b, c], i) => [b, i === 5 ? b * 0.99 : c] as const),
      );
    expect(only(decide(doubtful(12), ['latency.p50']))).toMatchObject({ adjustedP: expect.closeTo(2 / 4096, 9) });
    const others = ['latency.p95', 'latency.p99', QUERIES, 'redis.opsPerRequest', 'redis.bytesPerRequest'];
    const withOthers = doubtful(12).map(({ base, candidate }, i) => {
      const [b, c] = around(0, 12)[i]!;
      const more = (value: number) => Object.fromEntries(others.map((id) => [id, value]));
      return {
        base: { ...base, measures: { ...base.measures, ...more(b) } },
        candidate: { ...candidate, measures: { ...candidate.measures, ...more(c) } },
      };
    });
    // Six tests: 6 × 2/4096 is more than a quarter of 1 %, and less than 1 %.
    const found = decide(withOthers, ['latency.p50', ...others]);
    expect(found.status).toBe('continue');
    expect(found.measures[0]).toMatchObject({ outcome: 'undecided', adjustedP: expect.closeTo(12 / 4096, 9) });
  });

  test('both looks together err no more often than was said, and a single look has all of it', () => {
    expect(alphaAt('first', RULES) + alphaAt('last', RULES)).toBeCloseTo(RULES.alpha, 12);
    expect(alphaAt('last', { ...RULES, firstLook: 24 })).toBe(RULES.alpha);
  });

  test('at the last look a regression is told where the first could not', () => {
    const found = decide(p50(0.08, 24), ['latency.p50']);
    expect(found.status).toBe('regressed');
    expect(only(found)).toMatchObject({ outcome: 'regressed', effect: expect.closeTo(Math.expm1(0.08), 2) });
    expect(only(found).adjustedP).toBeLessThan(1e-6);
    expect(found.sentence).toMatch(
      /^regressed: median latency is 8\.\d* % worse \(.* % worse, tolerance 5 %\) after 24 pairs$/,
    );
  });

  test('what looks regressed is not let pass at the first look, though it may be within the tolerance', () => {
    // Three small effects the other way have the ranks 1, 2 and 3, and 14 of 4,096 signings are as extreme.
    const early = (count: number) =>
      pairsOf(
        'latency.p50',
        around(0.035, count, 0.005).map(([b, c], i) => [b, i % 3 === 2 && i < 9 ? b * (1 - 0.0002 * i) : c] as const),
      );
    const found = decide(early(12), ['latency.p50']);
    expect(only(found)).toMatchObject({ outcome: 'undecided', adjustedP: expect.closeTo(14 / 4096, 9) });
    expect(only(found).high).toBeLessThan(0.05);
    expect(found.status).toBe('continue');
    expect(decide(early(24), ['latency.p50']).status).toBe('regressed');
  });

  test('a change that is shown but smaller than half of the tolerance passes', () => {
    const found = decide(p50(0.02, 24), ['latency.p50']);
    expect(only(found).adjustedP).toBeLessThan(0.01);
    expect(found.status).toBe('pass');
  });

  test('when time is up what there is decides as at the last look, and says so', () => {
    const found = decide(p50(0.08, 16), ['latency.p50'], true);
    expect(found.status).toBe('regressed');
    expect(found.sentence).toContain('after 16 pairs, when time was up');
    const few = decide(p50(0, 6), ['latency.p50'], true);
    expect(few.status).toBe('undecided');
    expect(guard(few, 'pairs')).toMatchObject({ ok: false });
    expect(only(few).why).toBe('6 pairs, and no test can be made with fewer than 8');
  });

  test('a noisy measure is undecided, with the pairs that would decide and what could have been seen', () => {
    const found = decide(p50(0.03, 24, 0.12), ['latency.p50']);
    expect(found.status).toBe('undecided');
    const measure = only(found);
    expect(measure.outcome).toBe('undecided');
    expect(measure.smallestDetectable!).toBeGreaterThan(0.03);
    expect(measure.pairsNeeded!).toBeGreaterThan(24);
    expect(measure.why).toContain(`about ${measure.pairsNeeded} pairs would decide`);
    expect(found.explanation).toContain('Smallest change seen in 95 of 100 cases: median latency');
  });

  test('an improvement is told, also of a measure of which more is better', () => {
    expect(only(decide(p50(-0.2, 12), ['latency.p50'])).outcome).toBe('improved');
    const rate = decide(pairsOf('rate.achieved', around(0.2, 24)), ['rate.achieved']);
    expect(only(rate)).toMatchObject({ outcome: 'improved' });
    expect(only(rate).effect!).toBeLessThan(0);
    expect(decide(pairsOf('rate.achieved', around(-0.2, 24)), ['rate.achieved']).status).toBe('regressed');
  });
});

describe('counts without noise are compared exactly', () => {
  const equal = (base: number, candidate: number, count: number) =>
    pairsOf(
      QUERIES,
      Array.from({ length: count }, () => [base, candidate] as const),
    );

  test('beyond the tolerance after five pairs, without waiting for a look', () => {
    expect(decide(equal(1, 1.021, 4), [QUERIES]).status).toBe('continue');
    const found = decide(equal(1, 1.021, 5), [QUERIES]);
    expect(found.status).toBe('regressed');
    expect(found.sentence).toBe('regressed: database queries per request is 2.1 % worse (tolerance 2 %) after 5 pairs');
    expect(only(found)).toMatchObject({
      pValue: null,
      adjustedP: null,
      smallestDetectable: 0,
      why: '2.1 % worse in every one of 5 pairs, tolerance 2 %',
    });
  });

  test('within the tolerance they are unchanged, and better beyond it improved', () => {
    expect(only(decide(equal(1, 1.019, 12), [QUERIES]))).toMatchObject({ outcome: 'unchanged' });
    expect(only(decide(equal(1, 0.9, 12), [QUERIES]))).toMatchObject({ outcome: 'improved' });
    expect(decide(equal(0, 0, 12), [QUERIES])).toMatchObject({ status: 'pass' });
  });

  test('nothing is tolerated of what has a tolerance of 0', () => {
    const oversold = (candidate: number) =>
      pairsOf(
        'stock.oversold',
        Array.from({ length: 5 }, () => [0, candidate] as const),
      );
    expect(decide(oversold(1), ['stock.oversold']).status).toBe('regressed');
    expect(only(decide(oversold(0), ['stock.oversold'])).outcome).toBe('unchanged');
  });

  test('zeros in a ratio are compared by differences, and say so', () => {
    const pairs = pairsOf(
      'db.loadsPerExpiry',
      Array.from({ length: 24 }, (_, i) => [i % 2 === 0 ? 0 : 1, 5 + (i % 3)] as const),
    );
    const found = decide(pairs, ['db.loadsPerExpiry']);
    expect(only(found)).toMatchObject({ scale: 'difference', outcome: 'regressed' });
    expect(only(found).why).toContain('compared by differences and not ratios, since it is 0 in some trials');
  });
});

describe('shares', () => {
  test('errors in a few trials are not hidden by a median of 0', () => {
    const pairs = pairsOf(
      'errors.rate',
      Array.from({ length: 24 }, (_, i) => [0, i % 8 === 3 ? 5 : 0] as const),
    );
    const found = decide(pairs, ['errors.rate']);
    // Three of 24 cannot be shown beyond doubt, and must not pass either.
    expect(found.status).toBe('undecided');
    expect(only(found).effect).toBeCloseTo(15 / 24, 9);
    const many = pairsOf(
      'errors.rate',
      Array.from({ length: 24 }, (_, i) => [0, i % 2 === 0 ? 5 : 0] as const),
    );
    expect(decide(many, ['errors.rate']).sentence).toMatch(/errors, share of requests is 2\.5 points worse/);
  });
});

describe('missing values', () => {
  test('what neither side has is not judged', () => {
    const found = decide(p50(0, 12), ['latency.p50', 'stock.oversold', 'stale.share']);
    expect(found.status).toBe('pass');
    expect(found.measures.map(({ id }) => id)).toEqual(['latency.p50']);
    expect(guard(found, 'absent-measures')!.message).toBe('not measured here: stock.oversold, stale.share');
  });

  test('what one side never tells is undecided', () => {
    const found = decide(
      pairsOf(
        QUERIES,
        Array.from({ length: 24 }, () => [1, null] as const),
      ),
      [QUERIES],
    );
    expect(found.status).toBe('undecided');
    expect(only(found)).toMatchObject({ effect: null, n: 0, pValue: null });
    expect(found.sentence).toContain('it is known of one side only: the candidate does not tell');
  });

  test('pairs without a value do not count; too few left are undecided and never passed', () => {
    const some = (lost: number) =>
      pairsOf(
        'latency.p50',
        around(0, 24).map(([b, c], i) => [b, i < lost ? null : c] as const),
      );
    expect(only(decide(some(4), ['latency.p50']))).toMatchObject({ n: 20, outcome: 'unchanged' });
    expect(only(decide(some(4), ['latency.p50'])).why).toContain('4 of 24 pairs do not tell it');
    expect(decide(some(18), ['latency.p50']).status).toBe('undecided');
  });

  test('nothing that can be judged is no pass', () => {
    expect(decide(p50(0, 24), []).status).toBe('undecided');
    expect(decide([], ['latency.p50'], true).status).toBe('undecided');
    expect(decide([], ['latency.p50']).status).toBe('continue');
  });
});

describe('guards', () => {
  test('pairs with an invalid trial do not count; more than one in ten forbid a pass', () => {
    const invalid = (every: number) =>
      changed(p50(0, 26), (_, i) => [{}, { invalid: i % every === 0 ? ['12 arrivals dropped'] : [] }]);
    const few = decide(invalid(13), ['latency.p50']);
    expect(only(few).n).toBe(24);
    expect(few.status).toBe('pass');
    const many = decidePairs({ pairs: invalid(5), measures: metasOf('latency.p50'), rules: RULES, timeIsUp: true });
    expect(many.status).toBe('undecided');
    expect(many.sentence).toContain(
      '6 of 26 pairs have an invalid trial, always of the candidate (12 arrivals dropped)',
    );
  });

  test('a late generator takes the worth from times and leaves counts alone: a change that fills the machine is caught', () => {
    const both = pairsOf(QUERIES, around(1.6, 12)).map(({ base, candidate }, i) => ({
      base: { ...base, measures: { ...base.measures, 'latency.p50': 10 } },
      candidate: {
        ...candidate,
        measures: { ...candidate.measures, 'latency.p50': 90 + i },
        timesInvalid: ['scheduling lag p99 13 ms, limit 10 ms'],
      },
    }));
    const found = decide(both, [QUERIES, 'latency.p50']);
    expect(found.status).toBe('regressed');
    expect(found.measures.map(({ id, outcome, n }) => [id, outcome, n])).toEqual([
      [QUERIES, 'regressed', 12],
      ['latency.p50', 'undecided', 0],
    ]);
    expect(found.measures[1]!.why).toContain('its times are worth nothing in any pair');
    expect(guard(found, 'times')).toMatchObject({ ok: false });
    // Nothing that could be seen of counts makes up for times that could not be measured.
    const calm = both.map(({ base, candidate }) => ({
      base,
      candidate: { ...candidate, measures: { ...base.measures } },
    }));
    expect(decide(calm, [QUERIES, 'latency.p50'], true).status).toBe('undecided');
  });

  test('a few late generators cost those pairs, and no more', () => {
    const late = (count: number) => changed(p50(0, 24), (_, i) => [{ timesInvalid: i < count ? ['late'] : [] }, {}]);
    expect(decide(late(2), ['latency.p50'])).toMatchObject({ status: 'pass' });
    expect(only(decide(late(2), ['latency.p50'])).n).toBe(22);
    expect(decide(late(3), ['latency.p50']).status).toBe('undecided');
  });

  test('pairs into which a burst of stolen CPU time fell do not count, and others take their place', () => {
    const lost = (count: number, of: number) =>
      changed(p50(0, of), (_, i) => [{}, i % 2 === 0 && i < 2 * count ? { stolenCpuShare: 0.6 } : {}]);
    expect(decide(lost(4, 12), ['latency.p50']).status).toBe('continue');
    const found = decide(lost(4, 16), ['latency.p50']);
    expect(found.status).toBe('pass');
    expect(only(found).n).toBe(12);
    expect(guard(found, 'stolen-pairs')).toMatchObject({
      ok: true,
      message:
        'bursts of stolen CPU time (up to 60 %) fell into 4 of 16 pairs: they do not count, and others take their place',
    });
    // Nothing else that is wrong with them is held against the candidate.
    const dropped = changed(lost(4, 16), ({ candidate }) => [
      {},
      (candidate.stolenCpuShare ?? 0) > 0 ? { invalid: ['12 arrivals dropped'] } : {},
    ]);
    expect(decide(dropped, ['latency.p50']).status).toBe('pass');
    expect(decide(p50(0, 12), ['latency.p50']).guards.map(({ id }) => id)).not.toContain('stolen-pairs');
  });

  test('a machine that is given away in more than every third pair passes nothing', () => {
    const every = (nth: number) => changed(p50(0, 48), (_, i) => [i % nth === 0 ? { stolenCpuShare: 0.11 } : {}, {}]);
    expect(decide(every(3), ['latency.p50']).status).toBe('pass');
    const found = decide(every(2), ['latency.p50']);
    expect(found.status).toBe('undecided');
    expect(found.sentence).toContain('bursts of stolen CPU time (up to 11 %) fell into 24 of 48 pairs');
  });

  test('a candidate that does not carry the rate which the base carries is told after four pairs', () => {
    const overloaded = (count: number) =>
      changed(p50(0, count), () => [
        {},
        { invalid: ['412 of 5000 arrivals dropped'], failedChecks: ['carries-the-rate'] },
      ]);
    expect(decide(overloaded(3), ['latency.p50']).status).toBe('continue');
    const found = decide(overloaded(4), ['latency.p50']);
    expect(found.status).toBe('regressed');
    expect(found.sentence).toContain('check carries-the-rate failed in 4 of 4 trials of the candidate');
  });

  test('stolen CPU time forbids judging times, and leaves a regression of counts alone', () => {
    const stolen = { stolenCpuShare: 0.07 };
    const times = decide(
      changed(p50(0.2, 24), () => [stolen, stolen]),
      ['latency.p50'],
    );
    expect(times.status).toBe('undecided');
    expect(only(times)).toMatchObject({ outcome: 'undecided' });
    expect(times.sentence).toContain('7.0 % of the CPU time was stolen');
    const counts = decide(
      changed(pairsOf(QUERIES, around(0.2, 24)), () => [stolen, stolen]),
      [QUERIES],
    );
    expect(counts.status).toBe('regressed');
    const calm = decide(
      changed(pairsOf(QUERIES, around(0, 24)), () => [stolen, stolen]),
      [QUERIES],
    );
    expect(calm.status).toBe('undecided');
  });

  test('a generator whose lag is most of the p99 is what is measured', () => {
    const pairs = noisyPairs({ 'latency.p99': { at: 4, spread: 0.01 } }, 24, seededRandom(1, 'lag'));
    const lag = { generatorLagP99Ms: 6 };
    const found = decide(
      changed(pairs, () => [lag, lag]),
      ['latency.p99'],
    );
    expect(found.status).toBe('undecided');
    expect(guard(found, 'generator-lag')!.message).toContain('what is measured is the generator');
  });

  test('pairs that hang together are not judged', () => {
    const drifting = pairsOf(
      'latency.p50',
      Array.from({ length: 24 }, (_, i) => [10, 10 * Math.exp(0.08 + 0.03 * Math.sin(i / 4))] as const),
    );
    const found = decide(drifting, ['latency.p50']);
    expect(found.status).toBe('undecided');
    expect(guard(found, 'drift')).toMatchObject({ ok: false });
  });

  test('a machine whose noise floor is above the tolerance is told before anything is judged', () => {
    const noise = noisyPairs(
      { 'latency.p99': { at: 40, spread: 0.9 }, 'latency.p50': { at: 2, spread: 0.02 } },
      3,
      seededRandom(2, 'floor'),
      'noise',
    );
    const found = decide(noise, ['latency.p50', 'latency.p99']);
    expect(found.status).toBe('undecided');
    expect(found.sentence).toMatch(
      /the machine's noise floor is above the tolerance.*p99 latency at least \d+(\.\d+)? % with a tolerance of 10 %/,
    );
    expect(found.sentence).not.toContain('median latency');
    // The noise pairs are not judged, and a calm machine goes on.
    expect(decide([...noise, ...p50(0, 3)], ['latency.p50']).status).toBe('continue');
    // What is shown beyond doubt in spite of the noise stays shown.
    expect(decide([...noise, ...pairsOf('latency.p99', around(3, 24))], ['latency.p99']).status).toBe('regressed');
  });

  test('a single noise pair must be far off before the machine is called too noisy', () => {
    const pair = (ratio: number): TrialPair[] => [
      {
        base: trial({ 'latency.p50': 10 }, { purpose: 'noise' }),
        candidate: trial({ 'latency.p50': 10 * ratio }, { purpose: 'noise' }),
      },
    ];
    expect(decide(pair(1.15), ['latency.p50']).status).toBe('continue');
    expect(decide(pair(1.5), ['latency.p50']).status).toBe('undecided');
  });
});

describe('failed checks', () => {
  const failing = (count: number, base: (i: number) => boolean, candidate: (i: number) => boolean): TrialPair[] =>
    changed(p50(0, count), (_, i) => [
      { failedChecks: base(i) ? ['no-oversell'] : [] },
      { failedChecks: candidate(i) ? ['no-oversell'] : [] },
    ]);
  const run = (pairs: TrialPair[]) => decide(pairs, ['latency.p50']);

  test('of the candidate alone, in every trial: regressed at once', () => {
    expect(
      run(
        failing(
          3,
          () => false,
          () => true,
        ),
      ).status,
    ).toBe('continue');
    const found = run(
      failing(
        5,
        () => false,
        () => true,
      ),
    );
    expect(found.status).toBe('regressed');
    expect(found.sentence).toBe(
      'regressed: check no-oversell failed in 5 of 5 trials of the candidate and in 0 of 5 trials of the base after 5 pairs',
    );
  });

  test('of the candidate alone, in several trials: regressed at the look; in few: undecided', () => {
    expect(
      run(
        failing(
          24,
          () => false,
          (i) => i % 4 === 0,
        ),
      ).status,
    ).toBe('regressed');
    const few = run(
      failing(
        24,
        () => false,
        (i) => i % 12 === 0,
      ),
    );
    expect(few.status).toBe('undecided');
    expect(few.sentence).toContain('too few to tell a fault from chance');
  });

  test('of the base is not comparable; of both as often is no change', () => {
    const base = run(
      failing(
        24,
        (i) => i % 3 === 0,
        () => false,
      ),
    );
    expect(base.status).toBe('undecided');
    expect(base.sentence).toContain('not comparable');
    expect(
      run(
        failing(
          24,
          (i) => i % 2 === 0,
          (i) => i % 2 === 1,
        ),
      ).status,
    ).toBe('pass');
    expect(
      run(
        failing(
          24,
          (i) => i === 0,
          () => true,
        ),
      ).status,
    ).toBe('regressed');
  });

  test('a definite fault is not hidden by a guard', () => {
    const pairs = changed(
      failing(
        12,
        () => false,
        () => true,
      ),
      () => [{ stolenCpuShare: 0.5 }, { invalid: ['rate off'] }],
    );
    expect(run(pairs).status).toBe('regressed');
  });
});
