import { expect, test } from 'vitest';
import { seededRandom } from './random.ts';

function take(seed: number, stream: string): number[] {
  const random = seededRandom(seed, stream);
  return Array.from({ length: 5 }, () => random.next());
}

test('the same seed and stream give the same numbers, another seed or stream does not', () => {
  expect(take(1, 'arrivals')).toEqual(take(1, 'arrivals'));
  expect(take(1, 'arrivals')).not.toEqual(take(2, 'arrivals'));
  expect(take(1, 'arrivals')).not.toEqual(take(1, 'keys'));
});

test('numbers lie evenly in [0, 1)', () => {
  const random = seededRandom(7, 'even');
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) {
    const value = random.next();
    expect(value >= 0 && value < 1).toBe(true);
    tenths[Math.floor(value * 10)]! += 1;
  }
  // Standard deviation of each count is about 95.
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});
