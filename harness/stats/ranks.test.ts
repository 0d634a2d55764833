import { expect, test } from 'vitest';
import { doubledMidranks, tailsAt } from './ranks.ts';

test('tied values share their mean rank', () => {
  expect(doubledMidranks([30, 10, 20])).toEqual([6, 2, 4]);
  expect(doubledMidranks([5, 5, 1, 9])).toEqual([5, 5, 2, 8]);
  expect(doubledMidranks([])).toEqual([]);
});

test('what only arithmetic tells apart is tied', () => {
  expect(doubledMidranks([0.3 - 0.1, 0.2])).toEqual([3, 3]);
});

test('both tails hold what is seen, and say how much lies beyond', () => {
  const { greater, less } = tailsAt(Float64Array.of(1, 2, 4, 1), 2);
  expect(greater).toEqual({ atLeast: 5 / 8, above: 1 / 8 });
  expect(less).toEqual({ atLeast: 7 / 8, above: 3 / 8 });
});
