import { expect, test } from 'vitest';
import { detectableEffect, pairsFor } from './sample-size.ts';

const SIX = { alpha: 0.01, tests: 6, power: 0.95 };

test('the rule of thumb for six measures: one spread with 24 pairs, 1.35 with 12', () => {
  expect(detectableEffect(1, 24, SIX)).toBeCloseTo(0.96, 2);
  expect(detectableEffect(1, 12, SIX)).toBeCloseTo(1.35, 2);
});

test('both turn the same formula', () => {
  for (const spread of [0.02, 0.035, 0.15]) {
    const pairs = pairsFor(spread, 0.05, SIX);
    expect(detectableEffect(spread, pairs, SIX)).toBeLessThanOrEqual(0.05);
    if (pairs > 2) expect(detectableEffect(spread, pairs - 1, SIX)).toBeGreaterThan(0.05);
  }
});
