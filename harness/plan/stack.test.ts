import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Defence } from '../contract/defence.ts';
import { expandStack, orderStack } from './stack.ts';

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
    const ids = (text: string): string[] => expandStack(text, new Map()).ids;
    expect(ids(' xfetch + jitter')).toEqual(['xfetch', 'jitter']);
    expect(() => ids('xfetch+')).toThrow(/not a stack/);
  });

  test('may be named: the name stands for its members and their parameters, beside others too', () => {
    const members = 'xfetch+single-flight';
    const named = { id: 'mine', title: 't', prose: 'p', for: 'f', members, parameters: { xfetch: { beta: 2 } } };
    expect(expandStack('mine + jitter', new Map([['mine', named]]))).toEqual({
      ids: ['xfetch', 'single-flight', 'jitter'],
      parameters: { xfetch: { beta: 2 } },
    });
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
