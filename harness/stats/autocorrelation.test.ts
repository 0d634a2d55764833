import { expect, test } from 'vitest';
import { seededRandom } from '../kit/random.ts';
import { autocorrelationBound, lagOneAutocorrelation } from './autocorrelation.ts';

test('by hand', () => {
  expect(lagOneAutocorrelation([1, 2, 3, 4, 5])).toBeCloseTo(0.4, 12);
  expect(lagOneAutocorrelation([1, -1, 1, -1])).toBeCloseTo(-0.75, 12);
  expect(lagOneAutocorrelation([7, 7, 7])).toBeNull();
  expect(lagOneAutocorrelation([1, 2])).toBeNull();
});

test('independent values lie above the bound as often as they may, with 12 values and with 24', () => {
  const random = seededRandom(3, 'autocorrelation');
  for (const count of [12, 24]) {
    const bound = autocorrelationBound(count, 0.01);
    let above = 0;
    for (let i = 0; i < 20_000; i++) {
      const values = Array.from({ length: count }, () => random.next() + random.next() + random.next());
      if (lagOneAutocorrelation(values)! > bound) above += 1;
    }
    // 200 expected, standard deviation 14; the bound is an approximation that errs towards silence.
    expect(above).toBeGreaterThan(40);
    expect(above).toBeLessThan(260);
  }
});

test('a fixed bound of 0.5 would be right for 24 values and not for 12', () => {
  expect(autocorrelationBound(24, 0.01 / 4)).toBeCloseTo(0.495, 2);
  expect(autocorrelationBound(12, 0.01 / 4)).toBeCloseTo(0.62, 2);
});
