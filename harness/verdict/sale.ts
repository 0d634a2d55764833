/**
 * How a sale went in time: when it opened, when the last unit went, and how many orders were confirmed until then. Time
 * counts from the step in the arrivals, so that a calm stretch before the sale does not make it look slow.
 */
import type { Evidence } from '../contract/verdict.ts';

interface SaleFigures {
  /** From the opening to the answer that sold the last unit; null where units were left. */
  soldOutAfterMs: number | null;
  /** Orders confirmed while units were left. */
  ordersWhileOpen: number;
  /** How long units were left: until sold out, or until the sale's traffic ended. */
  openMs: number;
  /** Orders confirmed in all. */
  confirmed: number;
  /** Units that the database has not sold, of the products that people tried to buy. */
  unsoldUnits: number;
}

/** Null where nobody tried to buy, or the database was not read afterwards. */
export function saleOf(evidence: Evidence): SaleFigures | null {
  const { reconciliation } = evidence;
  const attempts = evidence.load.writes.filter((write) => write.operation === 'purchase' && write.sentMs >= 0);
  if (reconciliation === null || attempts.length === 0) return null;
  const { fromMs, toMs } = saleBounds(evidence);
  const stored = new Map(reconciliation.orders.map((order) => [order.orderId, order.quantity]));
  const stock = new Map(reconciliation.products.map((row) => [row.product, row.initialStock]));
  const confirmed = attempts
    .filter((write) => write.status === 'acknowledged')
    .map((write) => ({ ...write, endedMs: write.endedMs ?? write.sentMs }));
  // An order whose answer never came has taken its units all the same, where the database has it.
  const takers = [...confirmed, ...attempts.filter((write) => write.status === 'unknown' && stored.has(write.id))];
  const goneAtMs = [...Map.groupBy(takers, (write) => write.key)].map(([product, sold]) =>
    momentOfLastUnit(
      sold.map(({ id, sentMs, endedMs }) => ({ atMs: endedMs ?? sentMs, units: stored.get(id) ?? 1 })),
      stock.get(product) ?? 0,
    ),
  );
  // Sold out is a sale whose products are all gone.
  const soldOutAtMs = goneAtMs.length > 0 ? goneAtMs.reduce((a, b) => Math.max(a, b)) : Infinity;
  const isSoldOut = Number.isFinite(soldOutAtMs);
  const closedAtMs = isSoldOut ? soldOutAtMs : toMs;
  return {
    soldOutAfterMs: isSoldOut ? Math.max(0, soldOutAtMs - fromMs) : null,
    ordersWhileOpen: confirmed.filter((write) => write.endedMs <= closedAtMs).length,
    openMs: Math.max(0, closedAtMs - fromMs),
    confirmed: confirmed.length,
    unsoldUnits: [...new Set(attempts.map((write) => write.key))].reduce((sum, product) => {
      const sold = reconciliation.orders.filter((order) => order.product === product);
      const units = sold.reduce((all, order) => all + order.quantity, 0);
      return sum + Math.max(0, (stock.get(product) ?? 0) - units);
    }, 0),
  };
}

/** When the units had gone; infinite where some are left. */
function momentOfLastUnit(sold: { atMs: number; units: number }[], stock: number): number {
  let left = stock;
  for (const { atMs, units } of sold.toSorted((a, b) => a.atMs - b.atMs)) {
    left -= units;
    if (left <= 0) return atMs;
  }
  return Infinity;
}

/** Start and end of the traffic that buys, ms from the start of the recorded part. */
function saleBounds(evidence: Evidence): { fromMs: number; toMs: number } {
  const endMs = evidence.measuredToMs - evidence.measuredFromMs;
  const names = evidence.plan.load.operations.find(({ operation }) => operation === 'purchase')?.segments;
  // A closed loop knows no segments.
  if (names === undefined || evidence.plan.load.engine === 'saturation') return { fromMs: 0, toMs: endMs };
  let atMs = 0;
  let fromMs: number | null = null;
  let toMs = endMs;
  for (const { name, durationMs, recorded } of evidence.plan.load.segments) {
    if (!recorded) continue;
    if (names.includes(name)) {
      fromMs ??= atMs;
      toMs = Math.min(endMs, atMs + durationMs);
    }
    atMs += durationMs;
  }
  return { fromMs: fromMs ?? 0, toMs };
}
