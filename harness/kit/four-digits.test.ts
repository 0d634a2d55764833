import { expect, test } from 'vitest';
import { fourDigits } from './four-digits.ts';

test.each([
  [1234.5678, 1235],
  [0.000123456, 0.0001235],
  [0, 0],
  [null, null],
])('%j is kept as %j', (value, kept) => expect(fourDigits(value)).toBe(kept));
