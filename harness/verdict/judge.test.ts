import { describe, expect, test } from 'vitest';
import { type Check, defineCheck, type Finding } from '../contract/verdict.ts';
import { buildEvidence, type EvidenceInit, steady } from './fixtures/evidence.ts';
import { judge } from './judge.ts';

const calm = steady(0, 10_000, 10, { latencyMs: 2 });
/** 2 ms, 400 ms during the fault, 2 ms. */
const shaken: EvidenceInit = {
  faults: [{ atMs: 4000, toMs: 5000 }],
  requests: [
    ...steady(0, 4000, 10, { latencyMs: 2 }),
    ...steady(4000, 5000, 10, { latencyMs: 400 }),
    ...steady(5000, 10_000, 10, { latencyMs: 2 }),
  ],
};
const hung: EvidenceInit = {
  ...shaken,
  requests: [...steady(0, 4000, 10, { latencyMs: 2 }), ...steady(4000, 10_000, 10, { latencyMs: 400 })],
};

function check(id: string, finding: Finding | Error): [string, Check] {
  const judgeIt = (): Finding => {
    if (finding instanceof Error) throw finding;
    return finding;
  };
  return [id, defineCheck({ id, title: `Title of ${id}`, prose: '', judge: judgeIt })];
}
const good = check('good', { status: 'pass', message: 'all 9 orders are there' });
const lost = check('lost', { status: 'fail', message: '1 of 9 confirmed orders are not in the database' });
const unsure = check('unsure', { status: 'unknown', message: 'nothing was checked' });
const broken = check('broken', new Error('no such table'));

function verdictOf(init: EvidenceInit, thresholds: string[] = [], checks: [string, Check][] = []) {
  const plan = { ...init.plan, thresholds, checks: checks.map(([id]) => id) };
  return judge(buildEvidence({ ...init, plan }), new Map(checks)).verdict;
}

describe('the worst wins', () => {
  const requests = calm;
  test.each([
    ['nothing was asked', [], [], 'pass'],
    ['a threshold holds', ['p99<50ms'], [], 'pass'],
    ['one of two does not', ['p99<50ms', 'p50<1ms'], [], 'fail'],
    ['one is not known', ['p99<50ms', 'hitRatio>90%'], [], 'unknown'],
    ['one fails, one is not known', ['p50<1ms', 'hitRatio>90%'], [], 'fail'],
    ['a check holds', [], [good], 'pass'],
    ['a check fails', ['p99<50ms'], [good, lost], 'fail'],
    ['a check does not know', ['p99<50ms'], [good, unsure], 'unknown'],
    ['a check throws', [], [broken], 'unknown'],
    ['a check throws, another fails', [], [broken, lost], 'fail'],
  ] as [string, string[], [string, Check][], string][])('%s', (_, thresholds, checks, status) => {
    expect(verdictOf({ requests }, thresholds, checks).status).toBe(status);
  });

  test('a check that the plan names and nobody has is unknown', () => {
    const judgement = judge(buildEvidence({ requests, plan: { checks: ['no-such'] } }), new Map());
    expect(judgement.checks).toEqual([
      { id: 'no-such', title: 'no-such', status: 'unknown', message: "there is no check 'no-such'" },
    ]);
    expect(judgement.verdict.status).toBe('unknown');
  });

  test('a check that throws says so', () => {
    const judgement = judge(buildEvidence({ requests, plan: { checks: ['broken'] } }), new Map([broken]));
    expect(judgement.checks[0]).toMatchObject({ status: 'unknown', message: 'the check itself failed: no such table' });
  });
});

describe('nothing green from a run that was not sound', () => {
  test('interrupted', () => {
    const verdict = verdictOf({ requests: calm.slice(0, 900), interrupted: true }, ['p99<50ms'], [good]);
    expect(verdict).toMatchObject({
      status: 'unknown',
      sentence: 'the run was interrupted before its plan ended',
    });
  });

  test('invalid: missed limits are told and not held against it', () => {
    const inactive = { ...shaken, faults: [{ atMs: 4000, toMs: 5000, active: false }] };
    const verdict = verdictOf(inactive, ['during.p99<50ms']);
    expect(verdict.status).toBe('unknown');
    expect(verdict.sentence).toBe('redis-down was never confirmed active: nothing was refused');
    expect(verdict.explanation).toContain('Not held against it: p99 400 ms during the fault, limit 50 ms.');
  });

  test('invalid: a recovery that never came is not held against it either', () => {
    const validity = { maxDroppedShare: 0.001, maxRateError: 0.01, maxLagP99Ms: 0.1, maxGeneratorCpuShare: 0.95 };
    const verdict = verdictOf({ ...hung, plan: { validity } });
    expect(verdict).toMatchObject({ status: 'unknown', sentence: 'scheduling lag p99 0.3 ms, limit 0.1 ms' });
    expect(verdict.explanation).toContain('Not held against it: not back to normal in the 5 s after redis-down ended.');
  });

  test('a lost order is lost in an invalid run too', () => {
    const verdict = verdictOf({ requests: calm.slice(0, 900), interrupted: true }, [], [lost]);
    expect(verdict.sentence).toBe('1 of 9 confirmed orders are not in the database');
    expect(verdict.explanation).toContain('invalid besides: the run was interrupted');
  });
});

describe('sentences', () => {
  test('a failure leads with the figure and its limit', () => {
    expect(verdictOf(shaken, ['during.p99<250ms', 'p50<50ms'])).toEqual({
      status: 'fail',
      sentence: 'p99 400 ms during the fault, limit 250 ms',
      explanation: 'xfetch: p99 2 ms before, 400 ms during redis-down, recovered at once.',
    });
  });

  test('the farthest beyond its limit comes first, checks before it', () => {
    const thresholds = ['during.p99<250ms', 'during.p50<10ms'];
    expect(verdictOf(shaken, thresholds).sentence).toBe('p50 400 ms during the fault, limit 10 ms');
    const verdict = verdictOf(shaken, thresholds, [lost]);
    expect(verdict.sentence).toBe('1 of 9 confirmed orders are not in the database');
    expect(verdict.explanation).toContain(
      'Also failed: p50 400 ms during the fault, limit 10 ms and p99 400 ms during the fault, limit 250 ms.',
    );
  });

  test('never recovered is a failure without any limit, told once', () => {
    const verdict = verdictOf(hung, ['recovery.time<5s']);
    expect(verdict.sentence).toBe('not back to normal in the 5 s after redis-down ended');
    expect(verdict.explanation).toBe('xfetch: p99 2 ms before, 400 ms during redis-down, never recovered.');
    expect(verdictOf(hung).status).toBe('fail');
  });

  test('a pass names what came nearest to its limit', () => {
    expect(verdictOf({ requests: calm }, ['p99<50ms', 'p50<3ms'], [good])).toEqual({
      status: 'pass',
      sentence: 'p50 2 ms, limit 3 ms; all 2 thresholds hold',
      explanation: 'xfetch: p99 2 ms. All 9 orders are there.',
    });
  });

  test('without limits the sentence is what was found', () => {
    const requests = shaken.requests!.map((one) => ({ ...one, outcome: one.atMs < 100 ? 'reset' : 'ok' }) as const);
    const loads = [1000, 1010, 1020, 2100, 2110].map((atMs) => ({ atMs, toMs: atMs + 50 }));
    const prediction = { loadsPerExpiry: 2.72, ratePerSec: 95, recomputeSec: 0.05, by: 'xfetch' };
    expect(verdictOf({ ...shaken, requests, loads, plan: { prediction } }, [], [good])).toEqual({
      status: 'pass',
      sentence:
        'xfetch: 2.5 loads per expiry (predicted 2.7), p99 2 ms before, 400 ms during redis-down, 1 % errors, ' +
        'recovered at once',
      explanation: 'All 9 orders are there. Back to normal as soon as redis-down ended.',
    });
  });

  test('any measure reads well with its limit', () => {
    const loads = [1000, 1010, 1020, 2100].map((atMs) => ({ atMs, toMs: atMs + 50 }));
    const totals = { 'redis.totalCommands': 3000 };
    const sentence = (threshold: string): string => verdictOf({ requests: calm, loads, totals }, [threshold]).sentence;
    expect(sentence('loadsPerExpiry<1.5')).toBe('loads per expiry 2, limit 1.5');
    expect(sentence('loads<3')).toBe('values loaded from the database 4, limit 3');
    expect(sentence('redis.opsPerRequest<=2')).toBe('Redis commands per request 3, limit 2');
    expect(sentence('rate>200/s')).toBe('achieved rate 100/s, at least 200/s');
    expect(sentence('peakRate<20/s')).toBe('peak database rate 30/s, limit 20/s');
  });

  test('a sale', () => {
    const reconciliation = {
      products: [{ product: 0, initialStock: 1, remainingStock: 0 }],
      orders: ['a', 'b'].map((orderId) => ({ orderId, product: 0, user: 1, quantity: 1 })),
      pending: 0,
    };
    const plan = { stock: { id: 'ttl-cached', parameters: {}, file: null }, defence: 'cache-aside' };
    expect(verdictOf({ requests: calm, reconciliation, plan }).sentence).toBe(
      'ttl-cached (cache-aside): 2 units sold, 1 too many, p99 2 ms',
    );
    expect(verdictOf({ requests: calm, reconciliation, plan }, ['oversell==0']).sentence).toBe(
      'units oversold 1, must be 0',
    );
  });

  test('what could not be judged says why', () => {
    expect(verdictOf({ requests: calm }, ['during.p99<5ms']).sentence).toBe(
      "during.p99<5ms could not be judged, since without a fault there is no 'during'",
    );
    expect(verdictOf({ requests: calm }, ['p999<5ms', 'hitRatio>5%'])).toMatchObject({
      sentence: 'hitRatio>5% could not be judged, since cache.hitRatio was not observed',
    });
    expect(verdictOf({ requests: calm.slice(0, 500), durationMs: 5000 }, ['p999<5ms']).sentence).toBe(
      'p999<5ms could not be judged, since there were too few requests',
    );
  });
});

test('values are finite, in the order of the table, for the phases that there were', () => {
  const judgement = judge(buildEvidence(hung), new Map());
  expect(Object.keys(judgement.measures)).toEqual(['run', 'before', 'during', 'after']);
  expect(judgement.phases).toEqual([
    { name: 'run', fromMs: 0, toMs: 10_000 },
    { name: 'before', fromMs: 0, toMs: 4000 },
    { name: 'during', fromMs: 4000, toMs: 5000 },
    { name: 'after', fromMs: 5000, toMs: 10_000 },
  ]);
  expect(judgement.measures['run']!['recovery.time']).toBeNull();
  expect(Object.keys(judgement.measures['run']!)).toEqual(judgement.measureDefinitions.map(({ id }) => id));
  expect(JSON.parse(JSON.stringify(judgement))).toEqual(judgement);
});

test('a fault that strikes at a moment has no "during"', () => {
  const struck = buildEvidence({ ...shaken, faults: [{ fault: 'redis-flush', atMs: 4000, toMs: 4020 }] });
  expect(Object.keys(judge(struck, new Map()).measures)).toEqual(['run', 'before', 'after']);
});
