/**
 * Holds what clients were told about their purchases against what the database says after the drain. A timeout is
 * unknown, never failed: such an order may or may not be there, and both are right.
 */
import type { Evidence } from '../contract/verdict.ts';

export interface OrderFigures {
  acknowledged: number;
  /** Sum of quantities in the database. */
  soldUnits: number;
  /** Units beyond the initial stock, added up over products. */
  oversoldUnits: number;
  /** Products of which more was sold than there was, in words. */
  oversoldProducts: string[];
  /** Products whose stock went below zero, in words. */
  negativeProducts: string[];
  /** Confirmed to a client, not in the database and not queued for it any more. */
  lost: string[];
  /** Confirmed, not in the database, but so many orders are still queued that they may be among them. */
  queued: string[];
  /** In the database, but never sent, or definitely refused. */
  unexpected: string[];
  /** Order ids that stand in the database more than once. */
  duplicated: string[];
  /** Unknown to the client (timeout, reset), and in the database. */
  recovered: string[];
}

/** Null where the target cannot be reconciled. */
export function reconcileOrders(evidence: Evidence): OrderFigures | null {
  const { reconciliation } = evidence;
  if (reconciliation === null) return null;

  const told = new Map<string, 'acknowledged' | 'rejected' | 'unknown'>();
  for (const write of evidence.load.writes) {
    if (write.operation !== 'purchase') continue;
    // One id may be sent more than once: a confirmation outweighs doubt, and doubt outweighs a refusal.
    const before = told.get(write.id);
    if (before === 'acknowledged' || (before === 'unknown' && write.status === 'rejected')) continue;
    told.set(write.id, write.status);
  }

  const stored = new Map<string, number>();
  const soldByProduct = new Map<number, number>();
  for (const order of reconciliation.orders) {
    stored.set(order.orderId, (stored.get(order.orderId) ?? 0) + 1);
    soldByProduct.set(order.product, (soldByProduct.get(order.product) ?? 0) + order.quantity);
  }
  const initial = new Map(reconciliation.products.map((row) => [row.product, row.initialStock]));
  const oversold = [...soldByProduct]
    .map(([product, sold]) => ({ product, sold, stock: initial.get(product) ?? 0 }))
    .filter(({ sold, stock }) => sold > stock);

  const acknowledged = [...told].filter(([, status]) => status === 'acknowledged').map(([id]) => id);
  const missing = acknowledged.filter((id) => !stored.has(id));
  return {
    acknowledged: acknowledged.length,
    soldUnits: [...soldByProduct.values()].reduce((a, b) => a + b, 0),
    oversoldUnits: oversold.reduce((sum, { sold, stock }) => sum + sold - stock, 0),
    oversoldProducts: oversold.map(({ product, sold, stock }) => `product ${product}: ${sold} sold of ${stock}`),
    negativeProducts: reconciliation.products
      .filter((row) => row.remainingStock < 0)
      .map((row) => `product ${row.product}: stock ${row.remainingStock}`),
    lost: missing.slice(reconciliation.pending),
    queued: missing.slice(0, reconciliation.pending),
    unexpected: [...stored.keys()].filter((id) => (told.get(id) ?? 'rejected') === 'rejected'),
    duplicated: [...stored].filter(([, times]) => times > 1).map(([id]) => id),
    recovered: [...told].filter(([id, status]) => status === 'unknown' && stored.has(id)).map(([id]) => id),
  };
}
