import { expect, test } from 'vitest';
import { makeGate } from './fixture.ts';
import { pairEffect, pairsOf, quantileShifts } from './pairs.ts';

test('the same options give the same gate, and each kind is what it says', () => {
  expect(makeGate({ kind: 'regressed' })).toEqual(makeGate({ kind: 'regressed' }));
  for (const kind of ['pass', 'regressed', 'undecided'] as const) expect(makeGate({ kind }).decision).toBe(kind);
  expect(
    makeGate({ kind: 'regressed' })
      .measures.filter((m) => m.outcome === 'regressed')
      .map((m) => m.id),
  ).toEqual(['latency.p95', 'latency.p99', 'db.queriesPerRequest']);
  const baseline = makeGate({ kind: 'baseline' });
  expect(baseline.measures.every((m) => (m.evidence === 'time') === (m.outcome === 'reported'))).toBe(true);
  expect(baseline.trials.every((trial) => trial.side === 'candidate')).toBe(true);
});

test('plus is worse, whichever way a measure points', () => {
  const pair = pairsOf(makeGate())[3]!;
  pair.base!.measures = { low: 10, high: 10 };
  pair.candidate.measures = { low: 12, high: 8 };
  const meta = { title: '', unit: 'ms', evidence: 'time' } as const;
  expect(pairEffect(pair, { ...meta, id: 'low', better: 'lower', scale: 'ratio' })).toBeCloseTo(0.2);
  expect(pairEffect(pair, { ...meta, id: 'high', better: 'higher', scale: 'ratio' })).toBeCloseTo(0.25);
  expect(pairEffect(pair, { ...meta, id: 'high', better: 'higher', scale: 'difference' })).toBeCloseTo(2);
  expect(pairEffect(pair, { ...meta, id: 'none', better: 'lower', scale: 'ratio' })).toBeNull();
});

test('noise pairs come first, and a pair with an invalid trial is none of the judged', () => {
  const pairs = pairsOf(makeGate({ kind: 'undecided' }));
  expect(pairs.slice(0, 3).map((pair) => pair.purpose)).toEqual(['noise', 'noise', 'noise']);
  expect(pairs.filter((pair) => !pair.valid).map((pair) => pair.pair)).toEqual([4]);
});

test('the shift along the percentiles: 24 % at p99, nothing at the middle, and the interval has the known ranks', () => {
  const pairs = pairsOf(makeGate({ kind: 'regressed' }));
  const shifts = quantileShifts(pairs);
  const at = (q: number): (typeof shifts)[number] => shifts.find((shift) => shift.quantile === q)!;
  expect(at(0.99).ratio).toBeGreaterThan(1.18);
  expect(at(0.99).low).toBeGreaterThan(1.1);
  expect(Math.abs(at(0.5).ratio - 1)).toBeLessThan(0.01);
  // Of 24 values the 7th and the 18th hold the median with 97.7 %, the 8th and the 17th with 93.6 % only.
  const ratios = pairs
    .filter((pair) => pair.purpose === 'judge')
    .map((pair) => pair.candidate.latencyMs[5]! / pair.base!.latencyMs[5]!)
    .sort((a, b) => a - b);
  expect([at(0.5).low, at(0.5).high]).toEqual([ratios[6], ratios[17]]);
  expect(quantileShifts(pairsOf(makeGate({ kind: 'baseline' })))).toEqual([]);
});
