import { expect, test } from 'vitest';
import type { MeasureMeta } from '../../harness/contract/verdict.ts';
import { makeComparison } from '../fixtures/make-fixture.ts';
import { comparisonHeadline, noiseSentence } from './comparison-findings.ts';
import { clearlyBetter, dominatorOf, rankOf, scenariosOf, shownSpreadOf, spreadOf } from './comparison.ts';

const short = { durationMs: 20_000, fault: { fromMs: 8000, toMs: 12_000 } };
const times: MeasureMeta = { id: 'latency.p99', title: '', unit: 'ms', better: 'lower', evidence: 'time' };
const one = (value: number): { median: number; low: number; high: number; repeats: number } => ({
  median: value,
  low: value,
  high: value,
  repeats: 1,
});

test('one repeat: only large differences count, and tiny ones never', () => {
  expect(clearlyBetter(one(100), one(140), times)).toBe(false);
  expect(clearlyBetter(one(100), one(160), times)).toBe(true);
  expect(clearlyBetter(one(160), one(100), times)).toBe(false);
  expect(clearlyBetter(one(0.2), one(0.9), times)).toBe(false);
  expect(clearlyBetter(null, one(1), times)).toBe(false);
  expect(clearlyBetter(one(200), one(100), { ...times, better: 'higher' })).toBe(true);
  expect(clearlyBetter(one(1), one(100), { ...times, better: 'neither' })).toBe(false);
});

test('repeats: ranges that touch are noise', () => {
  const spread = (low: number, median: number, high: number) => ({ low, median, high, repeats: 3 });
  expect(clearlyBetter(spread(90, 100, 120), spread(115, 130, 140), times)).toBe(false);
  expect(clearlyBetter(spread(90, 100, 110), spread(115, 130, 140), times)).toBe(true);
});

test('the headline names who the data names, and says that it is one repeat', () => {
  const headline = comparisonHeadline(scenariosOf(makeComparison(short)));
  expect(headline).toBe(
    'single-flight and lock-wait keep the database calm, lock-wait with the fewest loads per expiry, seen in one repeat',
  );
  const repeated = scenariosOf(makeComparison({ ...short, repeats: 3 }));
  expect(comparisonHeadline(repeated)).not.toContain('one repeat');
  expect(noiseSentence(repeated)).toContain('3');
});

test('alike defences are not ranked', () => {
  const result = makeComparison({ ...short, defences: ['cache-aside'] });
  const twin = structuredClone(result.runs[0]!);
  twin.plan.label = 'twin';
  twin.measures['run']!['db.peakRate']! *= 1.05;
  result.runs.push(twin);
  const scenario = scenariosOf(result)[0]!;
  expect(comparisonHeadline([scenario])).toMatch(/^No defence keeps the database clearly calmer than another/);
  for (const measure of scenario.measures)
    for (const contender of scenario.contenders) expect(rankOf(contender, scenario, measure)).toBe(1);
  expect(dominatorOf(scenario.contenders[1]!, scenario)).toBeNull();
});

test('a defence that is nowhere better and somewhere clearly worse is named as beaten', () => {
  const scenario = scenariosOf(makeComparison(short))[0]!;
  const beaten = scenario.contenders.find((c) => c.name === 'cache-aside')!;
  expect(['single-flight', 'lock-wait']).toContain(dominatorOf(beaten, scenario)?.name);
});

test('invalid and interrupted runs are in no rank', () => {
  const result = makeComparison({ ...short, defences: ['cache-aside', 'lock-wait'] });
  for (const run of result.runs) run.partial = true;
  expect(comparisonHeadline(scenariosOf(result))).toBe('Nothing can be concluded: no run is complete and valid');
  const doubted = scenariosOf(result)[0]!;
  expect(shownSpreadOf(doubted.contenders[0]!, doubted.measures[0]!)).toMatchObject({ doubtful: true, median: 25 });
  expect(spreadOf(doubted.contenders[0]!, doubted.measures[0]!)).toBeNull();
  result.runs[0]!.partial = false;
  const scenario = scenariosOf(result)[0]!;
  expect(rankOf(scenario.contenders[1]!, scenario, scenario.measures[0]!)).toBeNull();
});
