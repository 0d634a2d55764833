import { expect, test } from 'vitest';
import { connectionShare, evenShare } from './deal.ts';

test('even shares add up, and nobody goes without', () => {
  expect([0, 1, 2].map((i) => evenShare(10, i, 3))).toEqual([4, 3, 3]);
  expect([0, 1, 2].map((i) => evenShare(2, i, 3))).toEqual([1, 1, 1]);
});

test('connections to an instance are shared by the processes whose arrivals go there', () => {
  for (const [instances, processes] of [
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 6],
    [2, 3],
  ] as const) {
    const meets = new Set<string>();
    for (let i = 0; i < 100; i++) meets.add(`${i % instances}/${i % processes}`);
    for (let instance = 0; instance < instances; instance++) {
      let total = 0;
      for (let process = 0; process < processes; process++) {
        const share = connectionShare(30, instance, instances, process, processes);
        expect(share > 0).toBe(meets.has(`${instance}/${process}`));
        total += share;
      }
      expect(total).toBe(30);
    }
  }
});
