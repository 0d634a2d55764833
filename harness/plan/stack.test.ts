import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Defence } from '../contract/defence.ts';
import { orderStack, splitStack } from './stack.ts';

const store = { id: 'redis', capabilities: new Set(['get', 'set', 'delete'] as const) };

function defence(id: string, rest: Partial<Defence>): Defence {
  return { id, layer: null, title: id, prose: '', source: '', parameters: z.object({}), needs: [], ...rest };
}

const xfetch = defence('xfetch', { layer: 'freshness' });
const swr = defence('stale-while-revalidate', { layer: 'freshness' });
const single = defence('single-flight', { layer: 'coordination', scope: 'process' });
const lock = defence('lock-wait', { layer: 'coordination', scope: 'cluster', needs: ['lock'] });
const jitter = defence('jitter', { layer: 'lifetime' });

describe('a stack', () => {
  test('is split at its plus signs', () => {
    expect(splitStack(' xfetch + jitter')).toEqual(['xfetch', 'jitter']);
    expect(() => splitStack('xfetch+')).toThrow(/not a stack/);
  });

  test('stands in the order of the layers, however it was written', () => {
    expect(orderStack([jitter, single, xfetch], store).map((d) => d.id)).toEqual(['xfetch', 'single-flight', 'jitter']);
  });

  test('holds one coordination of each scope, the inner first', () => {
    const able = { id: 'redis', capabilities: new Set(['lock'] as const) };
    expect(orderStack([lock, single], able).map((d) => d.id)).toEqual(['single-flight', 'lock-wait']);
  });

  test.each([
    ['two of one layer', [xfetch, swr], /both fill the freshness layer/],
    ['one twice', [xfetch, xfetch], /stands twice/],
    ['no-cache with anything', [defence('no-cache', {}), jitter], /skips every layer/],
    ['a need the store lacks', [lock], /'lock-wait' needs lock, which the store 'redis' does not have/],
    [
      'a stated exclusion',
      [defence('a', { layer: 'guard', excludes: { jitter: 'they fight' } }), jitter],
      /they fight/,
    ],
  ])('%s is refused with the reason', (_what, stack, message) => {
    expect(() => orderStack(stack, store)).toThrow(message);
  });
});
