import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Reconciliation } from '../../contract/target.ts';
import type { Check } from '../../contract/verdict.ts';
import { loadModules } from '../../kit/load-modules.ts';
import { buildEvidence, steady } from '../fixtures/evidence.ts';
import identity from './identity.ts';
import noLostOrder from './no-lost-order.ts';
import noOversell from './no-oversell.ts';

test('the folder is a catalogue of checks', async () => {
  const checks = await loadModules<Check>(fileURLToPath(new URL('.', import.meta.url)), 'check');
  expect([...checks.keys()]).toEqual(['identity', 'no-lost-order', 'no-oversell']);
});

interface History {
  /** Orders as clients know them: a(cknowledged), r(ejected), u(nknown). */
  told?: Record<string, 'a' | 'r' | 'u'>;
  /** Order ids in the database, one unit each unless `id*quantity`. */
  stored?: string[];
  stock?: number;
  remaining?: number;
  pending?: number;
}

const STATUS = { a: 'acknowledged', r: 'rejected', u: 'unknown' } as const;

function sale({ told = {}, stored = [], stock = 3, remaining, pending = 0 }: History) {
  const orders = stored.map((text) => {
    const [orderId, quantity] = text.split('*');
    return { orderId: orderId!, product: 0, user: 1, quantity: Number(quantity ?? 1) };
  });
  const sold = orders.reduce((sum, order) => sum + order.quantity, 0);
  const reconciliation: Reconciliation = {
    products: [{ product: 0, initialStock: stock, remainingStock: remaining ?? Math.max(0, stock - sold) }],
    orders,
    pending,
  };
  const writes = Object.entries(told).map(([id, status]) => ({ id, status: STATUS[status] }));
  return buildEvidence({ reconciliation, writes });
}

test.each([
  ['a sale that is sold out', { stored: ['a', 'b', 'c'] }, 'pass', '3 of 3 units sold, none twice'],
  ['a sale without a buyer', {}, 'pass', '0 of 3 units sold, none twice'],
  ['one unit too many', { stored: ['a', 'b', 'c', 'd'] }, 'fail', '1 unit oversold: product 0: 4 sold of 3'],
  ['quantities count, not orders', { stored: ['a*2', 'b*2'] }, 'fail', '1 unit oversold: product 0: 4 sold of 3'],
  ['stock below zero', { stored: ['a'], remaining: -1 }, 'fail', 'the stock went below zero: product 0: stock -1'],
  ['an order stored twice', { stored: ['a', 'a'] }, 'fail', '1 order id found more than once in the database'],
  [
    'orders still on their way',
    { told: { a: 'a', b: 'a' }, stored: ['a'], pending: 1 },
    'unknown',
    '1 of 3 units sold so far, but confirmed orders are still queued',
  ],
] as [string, History, string, string][])('no-oversell: %s', (_, history, status, message) => {
  expect(noOversell.judge(sale(history))).toMatchObject({ status, message });
});

test.each([
  [
    'every order is there',
    { told: { a: 'a', b: 'r' }, stored: ['a'] },
    'pass',
    'confirmed orders in the database: all 1',
  ],
  [
    'a time-out may be there',
    { told: { a: 'a', b: 'u', c: 'u' }, stored: ['a', 'b'] },
    'pass',
    'confirmed orders in the database: all 1, and 1 whose answer never came',
  ],
  [
    'a confirmed order is missing',
    { told: { a: 'a', b: 'a' }, stored: ['a'] },
    'fail',
    '1 of 2 confirmed orders missing in the database',
  ],
  [
    'a refused order is there',
    { told: { a: 'a', b: 'r' }, stored: ['a', 'b'] },
    'fail',
    '1 order in the database refused or never sent',
  ],
  [
    'an order out of nowhere',
    { told: { a: 'a' }, stored: ['a', 'ghost'] },
    'fail',
    '1 order in the database refused or never sent',
  ],
  ['an order twice', { told: { a: 'a' }, stored: ['a', 'a'] }, 'fail', '1 order stored more than once'],
  [
    'all at once',
    { told: { a: 'a', b: 'a', c: 'a' }, stored: ['a', 'a', 'ghost'] },
    'fail',
    '2 of 3 confirmed orders missing in the database; 1 order in the database refused or never sent; ' +
      '1 order stored more than once',
  ],
  [
    'what is still queued is not lost',
    { told: { a: 'a', b: 'a' }, stored: ['a'], pending: 1 },
    'unknown',
    '1 of 2 confirmed orders still queued when the drain ended',
  ],
  [
    'more is missing than is queued',
    { told: { a: 'a', b: 'a', c: 'a' }, stored: ['a'], pending: 1 },
    'fail',
    '1 of 3 confirmed orders missing in the database',
  ],
  ['nobody bought', {}, 'unknown', 'no purchase was recorded, so there is nothing to compare'],
] as [string, History, string, string][])('no-lost-order: %s', (_, history, status, message) => {
  expect(noLostOrder.judge(sale(history))).toMatchObject({ status, message });
});

test('a repeated order is what its best answer said', () => {
  const evidence = sale({ told: { a: 'a' }, stored: ['a'] });
  evidence.load.writes.push({ ...evidence.load.writes[0]!, status: 'rejected' });
  expect(noLostOrder.judge(evidence).status).toBe('pass');
  evidence.load.writes.reverse();
  expect(noLostOrder.judge(evidence).status).toBe('pass');
});

test('examples name the orders', () => {
  const finding = noLostOrder.judge(sale({ told: { a: 'a', b: 'a' }, stored: ['a', 'ghost'] }));
  expect(finding.examples).toEqual(['lost b', 'unexpected ghost']);
});

test('a target that cannot be reconciled gives unknown', () => {
  const evidence = buildEvidence({ writes: [{ id: 'a', status: 'acknowledged' }] });
  expect(noLostOrder.judge(evidence).status).toBe('unknown');
  expect(noOversell.judge(evidence).status).toBe('unknown');
});

test('identity: one wrong answer among many fails', () => {
  const requests = steady(0, 1000, 10, { latencyMs: 1 });
  expect(identity.judge(buildEvidence({ requests }))).toEqual({
    status: 'pass',
    message: 'all 100 checked answers named the key asked for',
  });
  const wrong = { atMs: 5, latencyMs: 1, outcome: 'wrong-answer' as const };
  expect(identity.judge(buildEvidence({ requests: [...requests, wrong] }))).toMatchObject({
    status: 'fail',
    message: '1 of 101 answers named another key than the one asked for',
  });
});

test('identity: where nothing was checked nothing is known', () => {
  const failed = steady(0, 1000, 10, { latencyMs: 1, outcome: 'timeout' });
  expect(identity.judge(buildEvidence({ requests: failed })).status).toBe('unknown');
  const unchecked = steady(0, 1000, 10, { latencyMs: 1, operation: 'list-page' });
  expect(identity.judge(buildEvidence({ requests: unchecked })).status).toBe('unknown');
});
