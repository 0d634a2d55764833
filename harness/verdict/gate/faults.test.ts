import { expect, test } from 'vitest';
import { seededRandom } from '../../kit/random.ts';
import { chanceOfFlake } from './faults.ts';

test('the chance of a flaky check, whatever its rate', () => {
  // 5 of 24 is the fewest that hold 1 %, 4 is not enough.
  expect(chanceOfFlake(5, 24, 24)).toBeLessThan(0.01);
  expect(chanceOfFlake(4, 24, 24)).toBeGreaterThan(0.01);
  // Every trial: highest where it fails in every other, (1/4)ⁿ.
  expect(chanceOfFlake(4, 4, 4)).toBeCloseTo(1 / 256, 6);
  expect(chanceOfFlake(0, 4, 4)).toBeCloseTo(1, 1);
});

test('drawn flaky checks alarm no more often', () => {
  const random = seededRandom(1, 'flake');
  let alarms = 0;
  for (let i = 0; i < 20_000; i++) {
    const fails = (): number => Array.from({ length: 24 }, () => random.next()).filter((u) => u < 0.11).length;
    if (fails() === 0 && fails() >= 5) alarms += 1;
  }
  expect(alarms / 20_000).toBeLessThan(0.01);
});
