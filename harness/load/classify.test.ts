import { expect, test } from 'vitest';
import { absenceOf, classifyError, classifyStatus, parseCacheStatus, versionOfTag, writeStatus } from './classify.ts';

test('statuses become outcomes', () => {
  const none = new Set<number>();
  expect(classifyStatus(200, none, false)).toBe('ok');
  expect(classifyStatus(304, none, false)).toBe('ok');
  expect(classifyStatus(404, none, false)).toBe('client-error');
  expect(classifyStatus(404, new Set([404]), false)).toBe('rejected');
  expect(classifyStatus(429, none, true)).toBe('client-error');
  expect(classifyStatus(500, none, true)).toBe('server-error');
  expect(classifyStatus(503, none, false)).toBe('server-error');
  expect(classifyStatus(503, none, true)).toBe('shed');
  expect(classifyStatus(503, new Set([503]), true)).toBe('rejected');
});

test('"not there" is right for a key that is absent and wrong for one that exists', () => {
  const none = new Set<number>();
  const item = { absentStatuses: new Set([404]), absentFromKey: 100 };
  expect(classifyStatus(404, none, false, absenceOf(404, 100, item))).toBe('ok');
  expect(classifyStatus(404, none, false, absenceOf(404, 99, item))).toBe('wrong-answer');
  expect(classifyStatus(410, none, false, absenceOf(410, 100, item))).toBe('client-error');
  expect(classifyStatus(200, none, false, absenceOf(200, 100, item))).toBe('ok');
  // Where the load does not know which keys there are, a 404 is what it always was.
  expect(classifyStatus(404, none, false, absenceOf(404, 100, { ...item, absentFromKey: null }))).toBe('client-error');
});

test('an error before there was a connection is a refusal, any other a reset', () => {
  expect(classifyError({ code: 'ECONNREFUSED' })).toBe('refused');
  expect(classifyError({ errors: [{ code: 'ECONNREFUSED' }] })).toBe('refused');
  expect(classifyError({ code: 'UND_ERR_SOCKET' })).toBe('reset');
  expect(classifyError(new Error('no code'))).toBe('reset');
});

test('a write is unknown unless something definite was heard', () => {
  expect(writeStatus('ok', true)).toBe('acknowledged');
  expect(writeStatus('shed', true)).toBe('rejected');
  expect(writeStatus('refused', true)).toBe('rejected');
  expect(writeStatus('timeout', true)).toBe('unknown');
  expect(writeStatus('timeout', false)).toBe('rejected');
  expect(writeStatus('reset', true)).toBe('unknown');
  expect(writeStatus('server-error', true)).toBe('unknown');
});

test.each([
  [undefined, null],
  ['shop; hit; ttl=376', 'hit'],
  ['shop;fwd=miss;stored', 'miss'],
  ['shop; fwd=uri-miss', 'miss'],
  ['shop; fwd=vary-miss', 'miss'],
  ['shop; fwd=stale', 'stale'],
  ['shop; fwd=bypass', 'bypass'],
  ['shop; fwd=request', 'bypass'],
  ['shop; fwd=method', null],
  ['shop', null],
  ['shop; hit; detail=early', 'early'],
  ['shop; fwd=miss; detail=waited', 'waited'],
  ['shop; fwd=miss; detail="absent"', 'absent'],
  ['shop; fwd=miss; detail=memory', 'miss'],
  ['origin; fwd=miss, edge; hit', 'hit'],
  ['edge; hit, "origin, the; hit"; fwd=miss', 'miss'],
  ['shop; key="a;hit"; fwd=stale', 'stale'],
  ['shop; fwd=miss; stored; detail=miss, edge; hit', 'hit'],
  ['shop; fwd=miss; stored; detail=miss, edge; hit; detail=stale', 'stale'],
  ['shop; hit; detail=hit, edge; fwd=uri-miss', 'hit'],
  ['shop; fwd=miss; collapsed; detail=waited, edge; fwd=stale', 'waited'],
  ['edge; fwd=stale; fwd-status=304; detail=miss', 'miss'],
])('Cache-Status %s is %s', (header, outcome) => {
  expect(parseCacheStatus(header)).toBe(outcome);
});

test('several Cache-Status lines are one list', () => {
  expect(parseCacheStatus(['origin; hit', 'edge; fwd=stale'])).toBe('stale');
});

test('the version is the number that an entity tag ends with', () => {
  expect(['"product:7-v31"', 'W/"12"', '"v8"', '"abc"', undefined].map(versionOfTag)).toEqual([31, 12, 8, -1, -1]);
});
