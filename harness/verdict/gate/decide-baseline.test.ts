import { expect, test } from 'vitest';
import type { GateDecision, Trial } from '../../contract/gate.ts';
import { decideAgainstBaseline } from './decide-baseline.ts';
import { baselineOf, metasOf, trial } from './fixtures/pairs.ts';
import { BASELINE_TRIALS, rulesFor } from './rules.ts';
import { fewestTrialsFor } from './several.ts';

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
    trials: candidate.map((value) => trial({ [id]: value, 'latency.p99': 80 }, { side: 'candidate', ...more.init })),
    measures: metasOf(id, 'latency.p99'),
    rules: RULES,
    sameMachine: false,
    atLastLook: more.atLastLook ?? false,
  });
}
const around = (value: number, count: number, step = 0.002): number[] =>
  Array.from({ length: count }, (_, i) => value * (1 + step * (((i * 3) % 7) / 3 - 1)));
const BEFORE = around(1, BASELINE_TRIALS);

test('counts that are as they were pass at the first look, after 4 trials', () => {
  expect(decide(BEFORE, around(1, 3)).status).toBe('continue');
  const found = decide(BEFORE, around(1, 4));
  expect(found.status).toBe('pass');
  expect(found.sentence).toBe('no regression in 1 measure after 4 trials');
});

test('a regression is tested at the last look, after 8', () => {
  expect(decide(BEFORE, around(1.1, 4)).status).toBe('continue');
  const found = decide(BEFORE, around(1.1, 8));
  expect(found.status).toBe('regressed');
  expect(found.measures[0]).toMatchObject({ outcome: 'regressed', n: 8, scale: 'ratio' });
  expect(found.measures[0]!.pValue).toBeCloseTo(1 / 12_870, 9);
  expect(found.sentence).toMatch(/^regressed: database queries per request is 1\d(\.\d)? % worse/);
});

test('without noise they are compared exactly, after 5 trials', () => {
  const same = (value: number, count: number): number[] => Array.from({ length: count }, () => value);
  expect(decide(same(1, 8), same(1.03, 4)).status).toBe('continue');
  expect(decide(same(1, 8), same(1.03, 5)).status).toBe('regressed');
  expect(decide(same(1, 8), same(1.01, 8)).status).toBe('pass');
  // What the file rounded is no change.
  expect(decide(same(1.235, 8), same(1.23456789, 8)).measures[0]).toMatchObject({ outcome: 'unchanged', effect: 0 });
});

test('times are shown and never judged', () => {
  const found = decide(BEFORE, around(1, 8));
  expect(found.status).toBe('pass');
  expect(found.measures[1]).toMatchObject({
    id: 'latency.p99',
    outcome: 'reported',
    base: 41,
    candidate: 80,
    pValue: null,
  });
  expect(found.measures[1]!.why).toBe('95.1 % worse; a time from another machine is shown and never judged');
});

test('what one side does not know is undecided, what neither does is not judged', () => {
  expect(decide([], around(1, 8)).sentence).toContain('the baseline does not know it: accept a new one');
  expect(decide(BEFORE, [null, null, null, null, null, null, null, null]).status).toBe('undecided');
  const neither = decide([null], [null], { atLastLook: true });
  expect(neither.status).toBe('undecided');
  expect(neither.guards.find(({ id }) => id === 'absent-measures')!.message).toBe(`not measured here: ${QUERIES}`);
});

test('too few trials are undecided, with how many there must be', () => {
  const found = decide(around(1, 4), around(1.1, 3), { atLastLook: true });
  expect(found.status).toBe('undecided');
  expect(found.sentence).toContain('3 trials, and a regression can be shown with 5 at the earliest');
  // How many of the candidate against 8 of a baseline: one measure, four, six, twelve, 128.
  expect([1, 4, 6, 12, 128].map((tests) => fewestTrialsFor(BASELINE_TRIALS, tests, RULES))).toEqual([3, 4, 5, 5, 8]);
  expect(fewestTrialsFor(1, 6, RULES)).toBe(Infinity);
});

test('Redis doing more is a regression, a ratio that is better is not', () => {
  expect(decide(around(2, 8), around(2.2, 8), { id: OPS }).status).toBe('regressed');
  expect(decide(around(2, 8), around(1.5, 8), { id: OPS }).measures[0]).toMatchObject({ outcome: 'improved' });
});

test('failed checks and invalid trials', () => {
  expect(decide(BEFORE, around(1, 4), { init: { failedChecks: ['no-lost-write'] } }).status).toBe('regressed');
  const invalid = decide(BEFORE, around(1, 8), { init: { invalid: ['rate off'] }, atLastLook: true });
  expect(invalid.status).toBe('undecided');
  expect(invalid.sentence).toContain('8 of 8 trials invalid (rate off)');
});
