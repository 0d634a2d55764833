import { expect, test } from 'vitest';
import type { GateDecision, Trial } from '../../contract/gate.ts';
import { decideAgainstBaseline } from './decide-baseline.ts';
import { baselineOf, metasOf, trial } from './fixtures/pairs.ts';
import { rulesFor } from './rules.ts';

const RULES = rulesFor({ tolerances: [] }, 'baseline');
const QUERIES = 'db.queriesPerRequest';
const OPS = 'redis.opsPerRequest';

function decide(
  stored: readonly (number | null)[],
  candidate: readonly (number | null)[],
  more: { id?: string; atLastLook?: boolean; init?: Partial<Trial> } = {},
): GateDecision {
  const id = more.id ?? QUERIES;
  return decideAgainstBaseline({
    baseline: baselineOf({ [id]: [...stored] }, { 'latency.p99': [40, 41, 42] }),
    trials: candidate.map((value, pair) =>
      trial({ [id]: value, 'latency.p99': 80 }, { side: 'candidate', pair, ...more.init }),
    ),
    measures: metasOf(id, 'latency.p99'),
    rules: RULES,
    sameMachine: false,
    atLastLook: more.atLastLook ?? false,
  });
}
/** What the drawing of the traffic does: far more from trial to trial than any tolerance, and the same on both sides. */
const TRAFFIC = [1, 1.2, 0.85, 1.1, 0.95, 1.3, 0.9, 1.05, 0.8, 1.15, 1, 1.25];
/** Beside it, a noise of its own. */
const around = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => value * TRAFFIC[i % 12]! * (1 + 0.002 * (((i * 3) % 7) / 3 - 1)));
const before = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => value * TRAFFIC[i % 12]!);
const BEFORE = before(1, 12);

test('counts that are as they were under the same traffic pass at the first look, after 6 trials', () => {
  expect(decide(BEFORE, around(1, 5)).status).toBe('continue');
  const found = decide(BEFORE, around(1, 6));
  expect(found.status).toBe('pass');
  expect(found.sentence).toBe('no regression in 1 measure after 6 trials');
});

test('trials are held against those of the same number, not against the others', () => {
  const shifted = around(1, 12).map((value, pair, all) =>
    trial({ [QUERIES]: value }, { pair: (pair + 1) % all.length }),
  );
  const found = decideAgainstBaseline({
    baseline: baselineOf({ [QUERIES]: BEFORE }, {}),
    trials: shifted,
    measures: metasOf(QUERIES),
    rules: RULES,
    sameMachine: true,
    atLastLook: true,
  });
  expect(found.status).toBe('undecided');
  expect(found.measures[0]!.spread).toBeGreaterThan(0.2);
});

test('a regression is tested at the last look, after 12', () => {
  expect(decide(BEFORE, around(1.1, 6)).status).toBe('continue');
  const found = decide(BEFORE, around(1.1, 12));
  expect(found.status).toBe('regressed');
  expect(found.measures[0]).toMatchObject({ outcome: 'regressed', n: 12, scale: 'ratio' });
  expect(found.measures[0]!.pValue).toBeCloseTo(1 / 4096, 9);
  expect(found.sentence).toMatch(/^regressed: database queries per request is (9|10)(\.\d)? % worse/);
});

test('without noise they are compared exactly, after 5 trials', () => {
  const same = (value: number, count: number): number[] => Array.from({ length: count }, () => value);
  expect(decide(same(1, 8), same(1.03, 4)).status).toBe('continue');
  expect(decide(same(1, 8), same(1.03, 5)).status).toBe('regressed');
  expect(decide(same(1, 8), same(1.01, 6)).status).toBe('pass');
  // What the file rounded is no change.
  expect(decide(same(1.235, 8), same(1.23456789, 8)).measures[0]).toMatchObject({ outcome: 'unchanged', effect: 0 });
});

test('times are shown and never judged', () => {
  const found = decide(BEFORE, around(1, 6));
  expect(found.status).toBe('pass');
  expect(found.measures[1]).toMatchObject({
    id: 'latency.p99',
    outcome: 'reported',
    base: 41,
    candidate: 80,
    pValue: null,
  });
  expect(found.measures[1]!.why).toBe('95.2 % worse; a time from another machine is shown and never judged');
});

test('what one side does not know is undecided, what neither does is not judged', () => {
  expect(decide([null], around(1, 8)).sentence).toContain('the baseline does not know it: accept a new one');
  expect(decide(BEFORE, Array<null>(12).fill(null)).status).toBe('undecided');
  const neither = decide([null], [null], { atLastLook: true });
  expect(neither.status).toBe('undecided');
  expect(neither.guards.find(({ id }) => id === 'absent-measures')!.message).toBe(`not measured here: ${QUERIES}`);
});

test('too few trials are undecided, with how many there must be', () => {
  const found = decide(BEFORE, around(1.1, 5), { atLastLook: true });
  expect(found.status).toBe('undecided');
  expect(found.sentence).toContain('after 5 trials, when time was up');
  expect(found.sentence).toContain('5 trials, and a regression can be shown with 8 at the earliest');
});

test('a baseline of too few trials says how to have one of more', () => {
  const found = decide(before(1, 5), around(1.1, 5), { atLastLook: true });
  expect(found.status).toBe('undecided');
  expect(found.sentence).toContain('accept a baseline of more trials, with --baseline-trials');
  expect(found.sentence).not.toContain('when time was up');
});

test('Redis doing more is a regression, a ratio that is better is not', () => {
  expect(decide(before(2, 12), around(2.2, 12), { id: OPS }).status).toBe('regressed');
  expect(decide(before(2, 12), around(1.5, 12), { id: OPS }).measures[0]).toMatchObject({ outcome: 'improved' });
});

test('failed checks and invalid trials', () => {
  expect(decide(BEFORE, around(1, 6), { init: { failedChecks: ['no-lost-write'] } }).status).toBe('regressed');
  const invalid = decide(BEFORE, around(1, 8), { init: { invalid: ['rate off'] }, atLastLook: true });
  expect(invalid.status).toBe('undecided');
  expect(invalid.sentence).toContain('8 of 8 trials invalid (rate off)');
});
