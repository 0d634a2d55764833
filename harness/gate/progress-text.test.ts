/** The estimate that a person reads: what has been, and what may still come. */
import { describe, expect, test } from 'vitest';
import type { GateRules, MeasureDecision } from '../contract/gate.ts';
import { knownLine, pairsLine } from './progress-text.ts';

const RULES: GateRules = { tolerances: {}, alpha: 0.01, firstLook: 12, lastLook: 24 };

describe('how far it is', () => {
  const line = (done: number, leftSec: number, noise = 2): string =>
    pairsLine(
      {
        noise: Array.from({ length: noise }),
        pairs: Array.from({ length: done }),
        pairMs: 20_000,
        leftMs: leftSec * 1000,
        decision: null,
      },
      RULES,
      2,
    );

  test.each<[number, number, number | undefined, string]>([
    [0, 600, 1, 'pair 2 of 2 of the base with itself, for the noise; about 20s each'],
    [3, 500, undefined, '3 pairs done, 20s each; the first look is after 12, in about 3m; at most until 24, in 7m'],
    [
      1,
      400,
      undefined,
      '1 pair done, 20s each; the first look is after 12, in about 3m 40s; at most until 21, in 6m 40s',
    ],
    [14, 600, undefined, '14 pairs done, 20s each; the last look is after 24, in about 3m 20s'],
    [14, 90, undefined, '14 pairs done, 20s each; time is up after 18, in 1m 30s at most'],
    [24, 100, undefined, '24 pairs done, 20s each'],
  ])('%d pairs with %d s left', (done, leftSec, noise, text) => expect(line(done, leftSec, noise)).toBe(text));
});

test('what is known so far, the measures nearest to their tolerance first, worse always +', () => {
  const measure = (id: string, change: Partial<MeasureDecision>): MeasureDecision =>
    ({
      id,
      outcome: 'undecided',
      scale: 'ratio',
      unit: 'ms',
      tolerance: 0.05,
      low: null,
      high: null,
      ...change,
    }) as MeasureDecision;
  expect(
    knownLine([
      measure('latency.p50', { effect: -0.0123, low: -0.02, high: 0.0002 }),
      measure('latency.p95', { effect: 0.041, low: 0.01, high: 0.08 }),
      measure('cache.hitRatio', { effect: 0.21, scale: 'difference', unit: '%', tolerance: 0.5 }),
      measure('latency.p99', { effect: 3, outcome: 'reported' }),
      measure('db.queries', { effect: null }),
    ]),
  ).toBe(
    'so far, worse is +: latency.p95 +4.1 % (+1 % to +8 %), cache.hitRatio +0.21 pt, latency.p50 −1.2 % (−2 % to +0 %)',
  );
  expect(knownLine([])).toBeNull();
});
