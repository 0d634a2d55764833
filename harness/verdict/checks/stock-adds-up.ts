/**
 * Units do not vanish: what the database sold and what it has left is what there was. An oversell breaks it in one
 * direction, units taken without an order in the other; the latter nobody complains about, and nobody sees.
 */
import { defineCheck } from '../../contract/verdict.ts';

export default defineCheck({
  id: 'stock-adds-up',
  title: 'Stock adds up',
  prose:
    'For each product, units of orders in the database plus units left there are the initial stock. Orders that are ' +
    'still queued stand on neither side, since their units are taken when they are stored.',
  judge({ reconciliation }) {
    if (reconciliation === null)
      return { status: 'unknown', message: 'the orders in the database were not read after the run' };
    const sold = new Map<number, number>();
    for (const { product, quantity } of reconciliation.orders) sold.set(product, (sold.get(product) ?? 0) + quantity);
    const wrong = reconciliation.products
      .map((row) => ({ ...row, sold: sold.get(row.product) ?? 0 }))
      .filter((row) => row.sold + row.remainingStock !== row.initialStock)
      .map(
        (row) => `product ${row.product}: ${row.sold} sold and ${row.remainingStock} left of ${row.initialStock} units`,
      );
    if (wrong.length > 0)
      return { status: 'fail', message: wrong.slice(0, 3).join('; '), examples: wrong.slice(0, 20) };
    return { status: 'pass', message: 'units sold and units left are the units there were, of every product' };
  },
});
