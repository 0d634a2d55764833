import { expect, test } from 'vitest';
import { counted, formatValue, listed } from './wording.ts';

test.each([
  [812.4, 'ms', '812 ms'],
  [1410, 'ms', '1.41 s'],
  [3.2468, 'ms', '3.25 ms'],
  [0.0765, 'ms', '0.0765 ms'],
  [0.4, 's', '0.4 s'],
  [0.04, 's', '40 ms'],
  [0, 's', '0 s'],
  [Infinity, 's', 'never'],
  [28.317, '%', '28.3 %'],
  [99.62, '%', '99.6 %'],
  [20_000.4, '/s', '20,000/s'],
  [1234.6, '/s', '1235/s'],
  [2.714, 'loads', '2.71 loads'],
  [1, 'loads', '1 load'],
  [12_345_678, 'bytes', '12.3 MB'],
  [200, 'count', '200'],
] as const)('%s %s', (value, unit, expected) => {
  expect(formatValue(value, unit)).toBe(expected);
});

test('counts and lists read as English', () => {
  expect(counted(1, 'check')).toBe('1 check');
  expect(counted(0, 'check')).toBe('0 checks');
  expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
  expect(listed(['a'])).toBe('a');
  expect(listed([])).toBe('');
});
