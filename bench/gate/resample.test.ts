import { expect, test } from 'vitest';
import { blockPValues, decideOnce, inRecordedOrder, overAll, resample } from './resample.ts';
import { syntheticSeries, testGate } from './test-support.ts';
import { uniformityTest } from '../../harness/stats/uniformity.ts';

const gate = testGate();
const CALM = { spread: 0.01 };

test('calm pairs of no change pass at the first look, and the minutes are those of the pairs', async () => {
  const { pairs } = syntheticSeries([{ change: 'none', pairs: 30, ...CALM }]);
  const decided = await decideOnce({ judged: pairs, noise: pairs.slice(0, 2) }, gate);
  expect(decided).toMatchObject({ status: 'pass', pairs: 12, seconds: 14 * 12, regressed: [] });
  const without = await decideOnce({ judged: pairs, noise: [] }, gate);
  expect(without.seconds).toBe(12 * 12);
});

test('a slower candidate is found regressed by the measures that are slower, at the first look where every pair shows it', async () => {
  const effects = { 'latency.p50': 0.05, 'latency.p95': 0.05 };
  const { pairs } = syntheticSeries([{ change: 'service-5', pairs: 30, ...CALM, effects }]);
  const decided = await decideOnce({ judged: pairs, noise: [] }, gate);
  expect(decided).toMatchObject({ status: 'regressed', pairs: 12 });
  expect(decided.regressed.toSorted()).toEqual(['latency.p50', 'latency.p95']);
  // With the sides exchanged it is faster, and passes.
  const faster = await decideOnce({ judged: pairs, noise: [], swapped: pairs.map(() => true) }, gate);
  expect(faster.status).toBe('pass');
});

test('time that is up ends a gate before its last look', async () => {
  const { pairs } = syntheticSeries([{ change: 'none', pairs: 30, spread: 0.06 }]);
  const decided = await decideOnce({ judged: pairs, noise: [] }, { ...gate, budgetMs: 15.5 * 12_000 });
  expect(decided.pairs).toBe(15);
});

test('invalid pairs do not count, and are paid for', async () => {
  const { pairs } = syntheticSeries([{ change: 'none', pairs: 60, ...CALM }]);
  const judged = pairs.map((pair, i) =>
    i === 3 ? { ...pair, base: { ...pair.base, invalid: ['the generator lagged'] } } : pair,
  );
  const decided = await decideOnce({ judged, noise: [] }, gate);
  expect(decided).toMatchObject({ status: 'pass', pairs: 13 });
});

test('too few pairs are refused', async () => {
  const { pairs } = syntheticSeries([{ change: 'none', pairs: 23, ...CALM }]);
  await expect(decideOnce({ judged: pairs, noise: [] }, gate)).rejects.toThrow(/23 pairs of 24/);
  expect(await inRecordedOrder(pairs, gate)).toEqual([]);
});

test('the same seed draws the same decisions, another seed others', async () => {
  const { pairs } = syntheticSeries([{ change: 'none', pairs: 40, spread: 0.06 }]);
  const options = { decisions: 12, seed: 3, flip: true, replace: false };
  const once = await resample(pairs, pairs, gate, options);
  expect(once).toHaveLength(12);
  expect(await resample(pairs, pairs, gate, options)).toEqual(once);
  expect(await resample(pairs, pairs, gate, { ...options, seed: 4 })).not.toEqual(once);
});

test('exchanging sides takes a shift away, drawing as recorded keeps it', async () => {
  const effects = { 'latency.p50': 0.08 };
  const { pairs } = syntheticSeries([{ change: 'service-10', pairs: 40, ...CALM, effects }]);
  const kept = await resample(pairs, [], gate, { decisions: 10, seed: 1, flip: false, replace: true });
  expect(kept.every(({ status }) => status === 'regressed')).toBe(true);
  const exchanged = await resample(pairs, [], gate, { decisions: 10, seed: 1, flip: true, replace: false });
  expect(exchanged.filter(({ status }) => status === 'regressed').length).toBeLessThanOrEqual(1);
});

test('stretches as recorded share no pair and leave the rest', async () => {
  const { pairs } = syntheticSeries([{ change: 'none', pairs: 60, ...CALM }]);
  // Three of 2 + 12; the 18 that are left may be too few for one more.
  const found = await inRecordedOrder(pairs, gate);
  expect(found.map(({ status, pairs: judged }) => [status, judged])).toEqual([
    ['pass', 12],
    ['pass', 12],
    ['pass', 12],
  ]);
});

test('p-values of blocks are uniform under no change, and small under a change', () => {
  const { pairs } = syntheticSeries([
    { change: 'none', pairs: 150, spread: 0.05 },
    { change: 'service-10', pairs: 150, spread: 0.05, effects: { 'latency.p50': 0.1 } },
  ]);
  const same = blockPValues(pairs.slice(0, 150), 6, gate, 5);
  expect(same.get('latency.p50')).toHaveLength(25);
  for (const id of ['latency.p50', 'latency.p95', 'db.queriesPerRequest'])
    expect(uniformityTest(same.get(id)!).pValue, id).toBeGreaterThan(0.01);
  const changed = blockPValues(pairs.slice(150), 6, gate, 5);
  expect(uniformityTest(changed.get('latency.p50')!).pValue).toBeLessThan(1e-6);
  expect(uniformityTest(changed.get('latency.p95')!).pValue).toBeGreaterThan(0.01);
});

test('all pairs together give effect and spread', () => {
  const { pairs } = syntheticSeries([
    { change: 'service-5', pairs: 60, spread: 0.02, effects: { 'latency.p50': Math.log(1.05) } },
  ]);
  const p50 = overAll(pairs, gate).measures.find(({ id }) => id === 'latency.p50')!;
  expect(p50.effect).toBeGreaterThan(0.04);
  expect(p50.effect).toBeLessThan(0.06);
  expect(p50.spread).toBeGreaterThan(0.014);
  expect(p50.spread).toBeLessThan(0.026);
});
