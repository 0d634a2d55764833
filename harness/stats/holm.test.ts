import { expect, test } from 'vitest';
import { holmAdjusted } from './holm.ts';

test("as R's p.adjust has it", () => {
  const adjusted = holmAdjusted([0.01, 0.04, 0.03, 0.005]);
  [0.03, 0.06, 0.06, 0.02].forEach((p, i) => expect(adjusted[i]).toBeCloseTo(p, 12));
  expect(holmAdjusted([0.6, 0.9])).toEqual([1, 1]);
  expect(holmAdjusted([0.2])).toEqual([0.2]);
  expect(holmAdjusted([])).toEqual([]);
});
