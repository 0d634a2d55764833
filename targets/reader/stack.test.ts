import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineDefence, type Defence } from '../../harness/contract/defence.ts';
import type { Store } from '../../harness/contract/store.ts';
import { createVirtualClock } from '../../harness/kit/virtual-clock.ts';
import { stackOf } from '../defences/_bench.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { composeStack, type StackMember } from './stack.ts';

const clock = createVirtualClock();
const store = createMemoryStore(clock);
const context = {
  store,
  clock,
  random: { next: () => 0.5 },
  log: { info() {}, warn() {} },
  instance: 'a',
  ttlMs: 1000,
};
const compose = (stack: StackMember[], on: Store = store) => composeStack(stack, { ...context, store: on });

const common = { title: 't', prose: 'p', source: 's', parameters: z.object({}), needs: [] as const };
/** A tier or lifetime that leaves its name behind, to see the order of a chain. */
function named(id: string, trace: string[]): StackMember {
  const defence = defineDefence({
    ...common,
    id,
    layer: 'lifetime',
    create: () => ({
      ttlMs: (_key, baseMs) => {
        trace.push(id);
        return baseMs * 2;
      },
    }),
  });
  return { defence, parameters: {} };
}

test('a stack is a set: each member goes to its layer, whatever the order it is written in', () => {
  for (const text of ['xfetch+single-flight+lock-wait+jitter', 'jitter+lock-wait+single-flight+xfetch']) {
    const stack = compose(stackOf(text));
    expect(stack.freshness).not.toBe(null);
    expect([stack.process?.scope, stack.cluster?.scope]).toEqual(['process', 'cluster']);
    expect([stack.lifetimes.length, stack.guards.length, stack.skipsStore]).toEqual([1, 0, false]);
  }
  const orders = [
    ['a', 'b'],
    ['b', 'a'],
  ].map((order) => {
    const trace: string[] = [];
    const stack = compose(order.map((id) => named(id, trace)));
    expect(stack.lifetimes.reduce((ms, layer) => layer.ttlMs('k', ms), 10)).toBe(40);
    return trace.join('');
  });
  expect(orders).toEqual(['ab', 'ab']);
});

test('entries are kept for the longest that any member asks for', () => {
  const parameters = { 'lock-stale': { staleMs: 700 }, 'stale-while-revalidate': { swrMs: 900 } };
  expect(compose(stackOf('lock-stale+stale-while-revalidate', parameters)).keepAfterTtlMs).toBe(900);
  expect(compose([]).keepAfterTtlMs).toBe(0);
});

test.each<[string, string]>([
  ['xfetch+stale-while-revalidate', 'stale-while-revalidate and xfetch both fill the layer freshness'],
  ['lock-wait+lock-stale', 'lock-stale and lock-wait both fill the coordination of the scope cluster'],
  ['no-cache+jitter', 'no other defence can stand beside it'],
  ['jitter+jitter', 'stands in the stack twice'],
])('%s is refused', (text, message) => {
  expect(() => compose(stackOf(text))).toThrow(expect.objectContaining({ code: 'BAD_PLAN' }) as Error);
  expect(() => compose(stackOf(text))).toThrow(message);
});

test('a declared exclusion, a missing capability and a bad parameter are refused with names and reasons', () => {
  const picky: Defence = defineDefence({
    ...common,
    id: 'picky',
    layer: 'lifetime',
    excludes: { jitter: 'both choose the TTL' },
    create: () => ({ ttlMs: (_key, baseMs) => baseMs }),
  });
  const beside = [{ defence: picky, parameters: {} }, ...stackOf('jitter')];
  expect(() => compose(beside)).toThrow('picky and jitter exclude each other: both choose the TTL');
  const small: Store = { ...store, id: 'small', capabilities: new Set(['get', 'set', 'delete']) };
  expect(() => compose(stackOf('lock-wait'), small)).toThrow("lock-wait needs 'lock', which the store small lacks");
  const wrong = stackOf('jitter', { jitter: { share: 2 } });
  expect(() => compose(wrong)).toThrow(expect.objectContaining({ code: 'BAD_PARAMETER' }) as Error);
  expect(() => compose(wrong)).toThrow('jitter: share');
});
