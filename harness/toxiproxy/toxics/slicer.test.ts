import { expect, test } from 'vitest';
import { seededRandom } from '../../kit/random.ts';
import { cutPoints, slicer } from './slicer.ts';

test.each([
  [5000, 100, 50],
  [40_000, 1024, 512],
  [1000, 1, 0],
  [1000, 10, 10],
  [7, 100, 0],
])('%i bytes, average %i, variation %i: rising cuts, none too long, all bytes', (size, average, variation) => {
  const ends = cutPoints(size, average, variation, seededRandom(3, 'cuts'));
  let from = 0;
  for (const to of ends) {
    expect(to).toBeGreaterThan(from);
    expect(to - from).toBeLessThanOrEqual(average + variation);
    from = to;
  }
  expect(from).toBe(size);
});

test('the same seed cuts in the same places, another seed does not', () => {
  const cut = (seed: number) => cutPoints(40_000, 1024, 512, seededRandom(seed, 'cuts'));
  expect(cut(1)).toEqual(cut(1));
  expect(cut(1)).not.toEqual(cut(2));
});

test('values that hang or crash a real server are refused', () => {
  const refuse = slicer.refuse ?? (() => null);
  expect(refuse({ average_size: 0, size_variation: 0, delay: 0 })).toContain('average_size');
  expect(refuse({ average_size: -5, size_variation: 0, delay: 0 })).toContain('average_size');
  expect(refuse({ average_size: 5, size_variation: 6, delay: 0 })).toContain('size_variation');
  expect(refuse({ average_size: 5, size_variation: -1, delay: 0 })).toContain('size_variation');
  expect(refuse({ average_size: 5, size_variation: 5, delay: 0 })).toBeNull();
});
