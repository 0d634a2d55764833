import { expect, test } from 'vitest';
import { fillRequestText } from './request-text.ts';

test('every place is filled in, from 0 or from where the service begins, and other braces stay', () => {
  const values = { key: 7, user: 2, id: 'a-1' };
  expect(fillRequestText('/items/{key}?again={key+1}', values)).toBe('/items/7?again=8');
  expect(fillRequestText('{"id":"{id}","user":{user+10},"set":{}}', values)).toBe('{"id":"a-1","user":12,"set":{}}');
});
