import { expect, test } from 'vitest';
import { field, parseBody, wholeNumbers } from './request-body.ts';

test('an empty or broken body is refused', () => {
  expect(() => parseBody('')).toThrow('bad request body: EOF');
  expect(() => parseBody(' \n')).toThrow('bad request body: EOF');
  expect(() => parseBody('{"a":')).toThrow(/^bad request body: /);
});

test('keys are found in any case, the last one counts, null is as if not given', () => {
  expect(field({ NAME: 'a', name: 'b' }, 'name', 'string')).toBe('b');
  expect(field({ name: 'a', Name: null }, 'name', 'string')).toBe('a');
  expect(field({}, 'name', 'string')).toBeUndefined();
  expect(field(null, 'name', 'string')).toBeUndefined();
});

test('wrong types are refused', () => {
  expect(() => field({ name: 1 }, 'name', 'string')).toThrow(
    'bad request body: cannot use number as string in field name',
  );
  expect(() => field({ attributes: [] }, 'attributes', 'object')).toThrow('cannot use array as object');
  expect(() => field([], 'name', 'string')).toThrow('cannot use array as an object');
  expect(() => field('x', 'name', 'string')).toThrow('cannot use string as an object');
});

test('names from outside reach no prototype', () => {
  expect(field(parseBody('{"__proto__": {"name": "x"}}'), 'name', 'string')).toBeUndefined();
  expect(field({}, 'constructor', 'object')).toBeUndefined();
});

test('whole numbers merge over the current ones, unknown names are ignored', () => {
  expect(wholeNumbers({ Latency: 5, colour: 1 }, ['latency', 'jitter'], { latency: 1, jitter: 2 })).toEqual({
    latency: 5,
    jitter: 2,
  });
  expect(wholeNumbers(undefined, ['rate'], {})).toEqual({ rate: 0 });
  expect(() => wholeNumbers({ rate: 1.5 }, ['rate'], {})).toThrow('attributes.rate');
  expect(() => wholeNumbers({ rate: 1e300 }, ['rate'], {})).toThrow('attributes.rate');
});
