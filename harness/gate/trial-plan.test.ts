/** The plan of a trial, its length, and how the budget shapes it. */
import { describe, expect, test } from 'vitest';
import { HarnessError } from '../contract/errors.ts';
import type { ArrivalSegment } from '../contract/load.ts';
import type { RunPlan } from '../contract/plan.ts';
import { buildEvidence } from '../verdict/fixtures/evidence.ts';
import { chooseLength, expectedPairMs, type LengthInput, roomFor } from './budget.ts';
import {
  fixedLength,
  pairSeed,
  plannedRequests,
  recordedMs,
  requestsNeeded,
  trialPlan,
  withRecordedMs,
} from './trial-plan.ts';

const segment = (name: string, durationMs: number, rate: number, to = rate): ArrivalSegment => ({
  name,
  durationMs,
  fromRatePerSec: rate,
  toRatePerSec: to,
  recorded: name !== 'warm-up',
});

function planOf(segments: ArrivalSegment[], more: Partial<RunPlan> = {}): RunPlan {
  const { plan } = buildEvidence();
  return { ...plan, ...more, load: { ...plan.load, engine: 'open-loop', segments } };
}

const steady = (rate: number, seconds = 14): RunPlan =>
  planOf([segment('warm-up', 2000, rate), segment('steady', seconds * 1000, rate)]);

test('a p99 needs 10,000 requests, a p95 2,000, a count none', () => {
  expect(['latency.p99', 'latency.p95', 'latency.p50', 'db.queriesPerRequest'].map(requestsNeeded)).toEqual([
    10_000, 2000, 200, 0,
  ]);
});

test('a trial has its seed and its share of the rate, and nothing else of its own', () => {
  const plan = steady(400);
  const trial = trialPlan(plan, { seed: 7, rateShare: 0.5 });
  expect([trial.seed, trial.load.seed]).toEqual([7, 7]);
  expect(trial.load.segments.map((one) => one.fromRatePerSec)).toEqual([200, 200]);
  expect(trialPlan(plan, { seed: plan.seed, rateShare: 1 })).toEqual({
    ...plan,
    load: { ...plan.load, seed: plan.seed },
  });
  expect(plannedRequests(trial)).toBe(2800);
});

test('pairs differ in their seeds, and those for noise from all of them', () => {
  const seeds = (['judge', 'noise'] as const).flatMap((purpose) =>
    Array.from({ length: 50 }, (_, pair) => pairSeed(42, purpose, pair)),
  );
  expect(new Set(seeds).size).toBe(100);
  expect(pairSeed(42, 'judge', 3)).toBe(seeds[3]);
});

test('only a single steady stretch has a length that can be chosen', () => {
  expect(fixedLength(steady(100))).toBeNull();
  const twoParts = planOf([segment('calm', 1000, 10), segment('rush', 1000, 100)]);
  expect(fixedLength(twoParts)).toMatch(/2 recorded segments/);
  expect(fixedLength(planOf([segment('ramp', 1000, 10, 100)]))).toMatch(/rate .* changes/);
  expect(() => withRecordedMs(twoParts, 5000)).toThrow(HarnessError);
  const faulty = { ...steady(100), faults: [{ fault: 'redis-down', atMs: 6000, durationMs: 3000 }] };
  expect(() => withRecordedMs(faulty, 9000)).toThrow(/redis-down does not end/);
  expect(recordedMs(withRecordedMs(faulty, 9500))).toBe(9500);
});

describe('the length of a trial', () => {
  const choose = (change: Partial<LengthInput>): { seconds: number; requests: number | null; tooFew: string[] } => {
    const { plan, requests, tooFew } = chooseLength({
      plan: steady(400),
      design: 'alternating',
      trialMs: null,
      budgetMs: 600_000,
      firstLook: 12,
      noisePairs: 0,
      judged: ['latency.p50', 'latency.p95', 'latency.p99', 'db.queriesPerRequest'],
      named: [],
      ...change,
    });
    return { seconds: recordedMs(plan) / 1000, requests, tooFew: tooFew.map(({ measure }) => measure) };
  };

  test('is what the highest judged quantile needs, where half the budget has room for the first look', () => {
    expect(choose({ plan: steady(2000) })).toEqual({ seconds: 5, requests: 10_000, tooFew: [] });
    expect(choose({ budgetMs: 3_600_000 })).toEqual({ seconds: 25, requests: 10_000, tooFew: [] });
  });

  test('is what the budget has room for otherwise, and then a quantile is not judged', () => {
    const { seconds, tooFew } = choose({});
    expect(seconds).toBeGreaterThanOrEqual(6);
    expect(seconds).toBeLessThan(9);
    expect(tooFew).toEqual(['latency.p99']);
  });

  test('leaves room for the pairs that measure noise', () => {
    expect(choose({ noisePairs: 2 }).seconds).toBeLessThan(choose({}).seconds);
  });

  test('counts the half rate of a duet, whose trials run at once', () => {
    const { seconds, requests } = choose({ design: 'duet' });
    expect(seconds).toBeGreaterThan(15);
    expect(requests).toBe(seconds * 200);
  });

  test('is never too short for a tolerance that was asked for', () => {
    expect(choose({ named: ['latency.p99'] })).toMatchObject({ seconds: 25, tooFew: [] });
  });

  test('is what was asked for, or refused where that can never judge what was asked for too', () => {
    expect(choose({ trialMs: 10_000 })).toMatchObject({ seconds: 10, requests: 4000, tooFew: ['latency.p99'] });
    expect(() => choose({ trialMs: 10_000, named: ['latency.p99'] })).toThrow(
      /latency\.p99 needs 10000 requests in a trial, and one of 10s records about 4000/,
    );
  });

  test('is the profile’s where it cannot be chosen', () => {
    const sale = planOf([segment('calm', 3000, 100), segment('rush', 4000, 500)]);
    expect(choose({ plan: sale })).toEqual({ seconds: 7, requests: 2300, tooFew: ['latency.p99'] });
  });
});

test('a pair one after the other takes twice as long as one at once', () => {
  expect(expectedPairMs(steady(100), 'alternating')).toBe(2 * expectedPairMs(steady(100), 'duet'));
});

test('a budget without room for a pass is told with one that has it', () => {
  expect(roomFor(14, 600_000, 40_000)).toBeNull();
  expect(roomFor(14, 600_000, 60_000)).toBe(
    'the budget of 10m has room for about 10 pairs of 1m, and a pass needs 14: --budget 14m would do',
  );
});
