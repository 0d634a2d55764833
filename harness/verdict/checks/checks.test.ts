import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Reconciliation } from '../../contract/target.ts';
import type { Check } from '../../contract/verdict.ts';
import { loadModules } from '../../kit/load-modules.ts';
import { buildEvidence, steady } from '../fixtures/evidence.ts';
import identity from './identity.ts';
import limitPerUser from './limit-per-user.ts';
import noLostOrder from './no-lost-order.ts';
import noOversell from './no-oversell.ts';
import stockAddsUp from './stock-adds-up.ts';

test('the folder is a catalogue of checks', async () => {
  const checks = await loadModules<Check>(fileURLToPath(new URL('.', import.meta.url)), 'check');
  expect([...checks.keys()]).toEqual(
    expect.arrayContaining(['identity', 'limit-per-user', 'no-lost-order', 'no-oversell', 'stock-adds-up']),
  );
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

test.each([
  ['some sold', { stored: ['a', 'b*2'], stock: 5 }, 'pass', 'units sold and units left'],
  ['sold out and one more', { stored: ['a*4'], remaining: -1 }, 'pass', 'units sold and units left'],
  ['a unit taken without an order', { stored: ['a'], remaining: 1 }, 'fail', 'product 0: 1 sold and 1 left of 3 units'],
  ['an order without a unit', { stored: ['a'], remaining: 3 }, 'fail', 'product 0: 1 sold and 3 left of 3 units'],
  ['orders on their way', { told: { a: 'a' }, remaining: 3, pending: 1 }, 'pass', 'units sold and units left'],
] as [string, History, string, string][])('stock-adds-up: %s', (_, history, status, message) => {
  const finding = stockAddsUp.judge(sale(history));
  expect(finding.status).toBe(status);
  expect(finding.message).toContain(message);
});

test('limit-per-user: by user and product, and only where there is a limit', () => {
  const evidence = sale({ stored: ['a', 'b', 'c', 'd'], stock: 9 });
  const { orders } = evidence.reconciliation!;
  orders.forEach((order, i) => Object.assign(order, { user: i % 2, product: i === 3 ? 1 : 0 }));
  const judged = (limit: number | null) => {
    evidence.plan.purchasesPerUser = limit;
    return limitPerUser.judge(evidence);
  };
  expect(judged(null)).toMatchObject({ status: 'pass', message: 'the sale has no limit per user' });
  expect(judged(2)).toMatchObject({ status: 'pass', message: '3 buyers, none with more than 2 orders' });
  expect(judged(1)).toMatchObject({
    status: 'fail',
    message: '1 buyer beyond the limit of 1: user 0, product 0: 2 orders',
  });
  evidence.reconciliation!.pending = 1;
  expect(judged(1).status).toBe('fail');
  expect(judged(2).status).toBe('unknown');
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
  expect(stockAddsUp.judge(evidence).status).toBe('unknown');
  evidence.plan.purchasesPerUser = 1;
  expect(limitPerUser.judge(evidence).status).toBe('unknown');
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
