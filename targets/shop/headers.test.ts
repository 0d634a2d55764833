import { expect, test } from 'vitest';
import { CACHE_OUTCOMES } from '../../harness/contract/defence.ts';
import { cacheStatus, entityTag, matchesTag, serverTiming } from './headers.ts';

/** RFC 9211 section 2: a list member is a token with parameters; `hit` and `fwd` exclude each other. */
const MEMBER =
  /^shop((; )(hit|stored|collapsed|fwd=(bypass|method|uri-miss|vary-miss|miss|request|stale|partial)|detail=[a-z]+))+$/;

test.each(CACHE_OUTCOMES)('Cache-Status of %s is well-formed and names the outcome', (outcome) => {
  const text = cacheStatus(outcome);
  expect(text).toMatch(MEMBER);
  expect(text).toContain(`detail=${outcome}`);
  expect(text.includes('; hit') && text.includes('fwd=')).toBe(false);
});

test('Cache-Status tells a hit, a load, a collapsed request and a bypass apart', () => {
  expect(cacheStatus('hit')).toBe('shop; hit; detail=hit');
  expect(cacheStatus('miss')).toBe('shop; fwd=miss; stored; detail=miss');
  expect(cacheStatus('waited')).toBe('shop; fwd=miss; collapsed; detail=waited');
  expect(cacheStatus('bypass')).toBe('shop; fwd=bypass; detail=bypass');
});

test('Server-Timing splits a read into cache, database and waiting', () => {
  expect(serverTiming(1.5, null, 0)).toBe('cache;dur=1.50');
  expect(serverTiming(103, 100, 0)).toBe('cache;dur=3.00, db;dur=100.00');
  expect(serverTiming(81, null, 80)).toBe('cache;dur=1.00, wait;dur=80.00');
  // Clocks of different grain must not give a negative time.
  expect(serverTiming(99, 100, 0)).toBe('cache;dur=0.00, db;dur=100.00');
});

test('If-None-Match compares weakly, in a list, and with *', () => {
  const tag = entityTag('product:7', 3);
  expect(tag).toBe('"product:7-v3"');
  expect(matchesTag(undefined, tag)).toBe(false);
  expect(matchesTag(tag, tag)).toBe(true);
  expect(matchesTag(`"other", W/${tag}`, tag)).toBe(true);
  expect(matchesTag('*', tag)).toBe(true);
  expect(matchesTag('"product:7-v2"', tag)).toBe(false);
});
