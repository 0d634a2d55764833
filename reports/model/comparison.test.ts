import { expect, test } from 'vitest';
import type { PlannedPart, RunPlan } from '../../harness/contract/plan.ts';
import type { MeasureMeta } from '../../harness/contract/verdict.ts';
import { makeComparison, makeLargeComparison } from '../fixtures/make-fixture.ts';
import { comparedOf } from './compared.ts';
import { comparisonHeadline, missesSentence, noiseSentence, predictionText } from './comparison-findings.ts';
import {
  baselineOf,
  clearlyBetter,
  dominatorOf,
  memoryRatio,
  predictionOf,
  rankOf,
  scenariosOf,
  shownSpreadOf,
  spreadOf,
} from './comparison.ts';
import { mostDifferent } from './selection.ts';

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
  expect(comparisonHeadline(scenariosOf(result))).toMatch(
    /^Nothing to compare with: only of cache-aside .* valid run$/,
  );
  const scenario = scenariosOf(result)[0]!;
  expect(rankOf(scenario.contenders[1]!, scenario, scenario.measures[0]!)).toBeNull();
});

test('benefits stand before costs, and a measure that no run knows, or has anything of, is not shown', () => {
  const result = makeComparison({ ...short, defences: ['cache-aside', 'lock-wait'] });
  for (const run of result.runs) {
    run.measures['run']!['redis.bytesPerRequest'] = null;
    run.measures['run']!['db.wastedLoads'] = 0;
  }
  const { measures } = scenariosOf(result)[0]!;
  const groups = measures.map((m) => m.group);
  expect(groups.lastIndexOf('benefit')).toBeLessThan(groups.indexOf('cost'));
  const costs = measures.filter((m) => m.group === 'cost').map((m) => m.meta.id);
  expect(costs).toEqual(['cache.waitedShare', 'cache.waiterCost', 'redis.opsPerRequest', 'redis.memory']);
});

test('a prediction is held against the median of the usable repeats; what may not be judged misses nothing', () => {
  const result = makeComparison({ ...short, defences: ['lock-wait'], repeats: 3 });
  [1.1, 1.3, 9].forEach((loads, i) => (result.runs[i]!.measures['run']!['db.loadsPerExpiry'] = loads));
  const [scenario] = scenariosOf(result);
  expect(predictionOf(scenario!.contenders[0]!)).toMatchObject({ predicted: 1, misses: true });
  expect(predictionText(scenario!.contenders[0]!)).toEqual({ text: 'predicted 1: ▲ +30 %', misses: true });
  expect(missesSentence(scenario!)).toMatch(/more than 15 %.*: lock-wait\.$/);
  result.runs[1]!.measures['run']!['db.loadsPerExpiry'] = 0.8;
  result.runs[2]!.measures['run']!['db.loadsPerExpiry'] = 0.7;
  expect(predictionText(scenariosOf(result)[0]!.contenders[0]!)!.text).toBe('predicted 1: ▼ −20 %');
  result.runs[0]!.measures['run']!['db.loadsPerExpiry'] = 0.9;
  result.runs[2]!.measures['run']!['db.loadsPerExpiry'] = 1.15;
  expect(predictionText(scenariosOf(result)[0]!.contenders[0]!)).toEqual({ text: 'predicted 1', misses: false });
  for (const run of result.runs) {
    run.partial = true;
    run.measures['run']!['db.loadsPerExpiry'] = 5;
  }
  const doubted = scenariosOf(result)[0]!;
  expect(predictionOf(doubted.contenders[0]!)).toEqual({ predicted: 1, deviation: null, misses: false });
  expect(missesSentence(doubted)).toBeNull();
});

test('what is compared is told from the plans', () => {
  const compared = (change: (plan: RunPlan, i: number) => void): string => {
    const result = makeComparison({ ...short, defences: ['lock-wait'], repeats: 4 });
    result.runs.forEach((run, i) => {
      run.plan.label = `contender ${i}`;
      change(run.plan, i);
    });
    return comparedOf(scenariosOf(result)).many;
  };
  const part = (id: string): PlannedPart => ({ id, parameters: { [id]: 1 }, file: null });
  expect(comparedOf(scenariosOf(makeComparison(short))).head).toBe('Defence');
  expect(compared((plan, i) => (plan.store = part(`store-${i}`)))).toBe('stores');
  expect(compared((plan, i) => (plan.write = part(`write-${i}`)))).toBe('write strategies');
  expect(compared((plan, i) => (plan.stock = part(`stock-${i}`)))).toBe('stock strategies');
  expect(compared((plan, i) => (plan.profile.parameters = { keys: i }))).toBe('settings');
  expect(compared((plan, i) => (plan.stack = [{ ...plan.stack[0]!, parameters: { beta: i } }]))).toBe('settings');
  expect(
    compared((plan, i) => {
      plan.store = part(`store-${i % 2}`);
      plan.profile.parameters = { keys: i >> 1 };
    }),
  ).toBe('combinations of store and setting');
});

test('no defence is what it is beside the same store, and nothing where only stores differ', () => {
  const result = makeComparison({ ...short, defences: ['cache-aside', 'lock-wait'], repeats: 2 });
  result.runs.forEach((run, i) => {
    run.plan.store = { id: i % 2 === 0 ? 'redis' : 'memcached', parameters: {}, file: null };
    run.plan.label = `${run.plan.defence} / ${run.plan.store.id}`;
    run.measures['run']!['redis.memory'] = 1000 * (i + 1);
  });
  const scenario = scenariosOf(result)[0]!;
  const memory = scenario.measures.find((m) => m.meta.id === 'redis.memory')!;
  expect(scenario.contenders.map((c) => baselineOf(c, scenario)?.name)).toEqual([
    'cache-aside / redis',
    'cache-aside / memcached',
    'cache-aside / redis',
    'cache-aside / memcached',
  ]);
  expect(scenario.contenders.map((c) => memoryRatio(c, scenario, memory))).toEqual([null, null, 3, 2]);
  const stores = scenariosOf({ ...result, runs: result.runs.slice(0, 2) })[0]!;
  expect(stores.contenders.map((c) => baselineOf(c, stores))).toEqual([null, null]);
  expect(comparisonHeadline([stores])).toMatch(/^No store keeps the database clearly calmer than another/);
});

test('of many the most different are drawn: no defence, the calmest and the wildest among them', () => {
  const scenario = scenariosOf(makeLargeComparison(24, short))[0]!;
  const drawn = mostDifferent(scenario, 6).map((c) => c.name);
  expect(new Set(drawn).size).toBe(6);
  expect(drawn).toContain('cache-aside');
  expect(drawn.some((name) => name.startsWith('lock-wait') || name.startsWith('single-flight'))).toBe(true);
  expect(drawn.some((name) => name.endsWith('jitter-5'))).toBe(true);
  expect(mostDifferent(scenario, 24)).toHaveLength(24);
});
