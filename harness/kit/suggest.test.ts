import { expect, test } from 'vitest';
import { unknownName } from './suggest.ts';

test('a slip gets the nearest name', () => {
  const error = unknownName('defence', 'xfecth', ['cache-aside', 'xfetch', 'lock-wait']);
  expect(error.code).toBe('UNKNOWN_NAME');
  expect(error.message).toBe("there is no defence 'xfecth'");
  expect(error.hint).toContain("did you mean 'xfetch'?");
});

test('a name that is near to nothing gets the list alone', () => {
  const error = unknownName('fault', 'volcano-eruption', ['redis-down', 'mass-expire']);
  expect(error.hint).toBe('known: redis-down, mass-expire');
});
