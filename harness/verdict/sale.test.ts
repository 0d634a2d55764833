import { expect, test } from 'vitest';
import type { WriteRecord } from '../contract/load.ts';
import type { Evidence } from '../contract/verdict.ts';
import { buildEvidence } from './fixtures/evidence.ts';
import { findMeasure } from './measures.ts';
import { phasesOf } from './phases.ts';

type Purchase = [endedMs: number, status: WriteRecord['status'], key?: number];

/** Five seconds: calm for one, then the sale for three, then quiet. The n-th purchase has the id `o<n>`. */
function sale(init: {
  stock: number;
  purchases: Purchase[];
  /** By default those that were acknowledged. */
  stored?: string[];
  statements?: number;
  loads?: number;
  engine?: Evidence['plan']['load']['engine'];
}): Evidence {
  const writes: WriteRecord[] = init.purchases.map(([endedMs, status, key = 0], i) => ({
    id: `o${i}`,
    operation: 'purchase',
    key,
    user: i,
    sentMs: endedMs - 100,
    endedMs,
    status,
  }));
  const stored = init.stored ?? writes.filter(({ status }) => status === 'acknowledged').map(({ id }) => id);
  const evidence = buildEvidence({
    durationMs: 5_000,
    ...(init.statements === undefined ? {} : { totals: { 'db.totalQueries': init.statements } }),
    loads: Array.from({ length: init.loads ?? 0 }, (_, i) => ({ atMs: i, toMs: i + 1 })),
    reconciliation: {
      products: [0, 1].map((product) => ({ product, initialStock: init.stock, remainingStock: 0 })),
      orders: stored.map((orderId) => ({
        orderId,
        product: writes.find(({ id }) => id === orderId)!.key,
        user: 0,
        quantity: 1,
      })),
      pending: 0,
    },
  });
  evidence.load.writes = writes;
  const segment = (name: string, durationMs: number, recorded = true) => ({
    name,
    durationMs,
    fromRatePerSec: 1,
    toRatePerSec: 1,
    recorded,
  });
  evidence.plan.load = {
    ...evidence.plan.load,
    engine: init.engine ?? 'open-loop',
    segments: [segment('warm-up', 2_000, false), segment('calm', 1_000), segment('rush', 3_000), segment('end', 1_000)],
    operations: [
      {
        operation: 'purchase',
        weight: 1,
        keys: { kind: 'single', key: 0 },
        segments: ['rush'],
        request: { method: 'POST', path: '/purchases', recordWrites: true },
      },
    ],
  };
  return evidence;
}

function valueOf(evidence: Evidence, name: string, phase = 'run'): number | null {
  return findMeasure(name)!.of(
    evidence,
    phasesOf(evidence).find((one) => one.name === phase)!,
  );
}

const yes = (endedMs: number, key = 0): Purchase => [endedMs, 'acknowledged', key];

test('sold out: from the step of the arrivals to the answer that sold the last unit', () => {
  const evidence = sale({ stock: 3, purchases: [yes(1_500), yes(2_500), yes(2_000), [2_600, 'rejected']] });
  expect(valueOf(evidence, 'stock.soldOutAfter')).toBe(1.5);
  expect(valueOf(evidence, 'stock.ordersPerSec')).toBe(2);
});

test('units that are left: never sold out, and the rate is that of the whole sale', () => {
  const evidence = sale({ stock: 9, purchases: [yes(1_500), yes(2_500), yes(3_000)] });
  expect(valueOf(evidence, 'soldOutAfter')).toBeNull();
  expect(valueOf(evidence, 'ordersPerSec')).toBe(1);
  expect(valueOf(evidence, 'stock.unsold')).toBe(6);
});

test('what is oversold comes after the last unit and does not make the sale faster', () => {
  const evidence = sale({ stock: 2, purchases: [yes(1_500), yes(2_000), yes(2_001), yes(2_002), yes(2_003)] });
  expect(valueOf(evidence, 'soldOutAfter')).toBe(1);
  expect(valueOf(evidence, 'ordersPerSec')).toBe(2);
  expect(valueOf(evidence, 'unsold')).toBe(0);
});

test('an order whose answer never came has taken its unit where the database has it, and is no confirmed order', () => {
  const purchases: Purchase[] = [yes(1_500), [3_000, 'unknown']];
  const there = sale({ stock: 2, purchases, stored: ['o0', 'o1'], statements: 8 });
  expect(valueOf(there, 'soldOutAfter')).toBe(2);
  expect(valueOf(there, 'ordersPerSec')).toBe(0.5);
  expect(valueOf(there, 'statementsPerOrder')).toBe(8);
  expect(valueOf(sale({ stock: 2, purchases, stored: ['o0'] }), 'soldOutAfter')).toBeNull();
});

test('with several products it is the last of them that counts', () => {
  const both = [yes(1_500), yes(1_600, 1), yes(1_700), yes(3_000, 1)];
  expect(valueOf(sale({ stock: 2, purchases: both }), 'soldOutAfter')).toBe(2);
  expect(valueOf(sale({ stock: 2, purchases: both.slice(0, 3) }), 'soldOutAfter')).toBeNull();
});

test('a closed loop has no step: time counts from the start', () => {
  const evidence = sale({ stock: 1, purchases: [yes(1_500)], engine: 'saturation' });
  expect(valueOf(evidence, 'soldOutAfter')).toBe(1.5);
});

test('statements per confirmed order, without the loads of the cache', () => {
  const purchases = [yes(1_500), yes(1_600), [1_700, 'rejected'] as Purchase];
  expect(valueOf(sale({ stock: 2, purchases, statements: 30, loads: 20 }), 'stock.statementsPerOrder')).toBe(5);
  expect(valueOf(sale({ stock: 2, purchases }), 'stock.statementsPerOrder')).toBeNull();
});

test('nobody bought, or tried to, or the database was not read: what cannot be known is not a number', () => {
  const refused = sale({ stock: 2, purchases: [[1_500, 'rejected']], statements: 3 });
  expect(valueOf(refused, 'ordersPerSec')).toBe(0);
  expect(valueOf(refused, 'statementsPerOrder')).toBeNull();
  for (const name of ['unsold', 'soldOutAfter', 'ordersPerSec', 'statementsPerOrder']) {
    expect(valueOf(sale({ stock: 2, purchases: [], statements: 3 }), name)).toBeNull();
    expect(valueOf({ ...refused, reconciliation: null }, name)).toBeNull();
  }
});
