import { expect, test } from 'vitest';
import { compileOperation, compileTemplate, requestId } from './request-template.ts';

test('placeholders are filled in, other braces stay', () => {
  expect(compileTemplate('/plain')(1, 2, 'x')).toBe('/plain');
  expect(compileTemplate('/items/{key}?v=1')(7, 2, 'x')).toBe('/items/7?v=1');
  expect(compileTemplate('/items/{key+1}')(7, 2, 'x')).toBe('/items/8');
  expect(compileTemplate('{key+100} of {user+1}: {key}')(7, 2, 'x')).toBe('107 of 3: 7');
  expect(compileTemplate('{user}')(7, 2, 'x')).toBe('2');
  expect(compileTemplate('{"id":"{id}","user":{user},"again":"{id}","set":{}}')(7, 2, 'a-1')).toBe(
    '{"id":"a-1","user":2,"again":"a-1","set":{}}',
  );
});

test('a body is JSON unless the template says otherwise; the path of the base URL comes first', () => {
  const compile = (headers: Record<string, string>, body?: string) =>
    compileOperation(
      {
        operation: 'post',
        weight: 1,
        keys: { kind: 'single', key: 0 },
        request: { method: 'POST', path: '/p/{key}', headers, ...(body === undefined ? {} : { body }) },
      },
      '/base',
    );
  expect(compile({}, '{}').headers).toEqual(['content-type', 'application/json']);
  expect(compile({ 'Content-Type': 'text/plain' }, 'x').headers).toEqual(['Content-Type', 'text/plain']);
  expect(compile({}).headers).toEqual([]);
  expect(compile({}).path(3, 0, '')).toBe('/base/p/3');
});

test('ids are unique and repeatable', () => {
  const ids = Array.from({ length: 1000 }, (_, i) => requestId(99, i));
  expect(new Set(ids).size).toBe(1000);
  expect(requestId(99, 5)).toBe(ids[5]);
  expect(requestId(98, 5)).not.toBe(ids[5]);
});
