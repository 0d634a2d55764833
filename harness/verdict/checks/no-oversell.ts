/** Not one unit may be sold twice: what the database holds after the drain is compared with the initial stock. */
import { defineCheck } from '../../contract/verdict.ts';
import { reconcileOrders } from '../orders.ts';
import { counted } from '../wording.ts';

export default defineCheck({
  id: 'no-oversell',
  title: 'No oversell',
  prose:
    'For each product the quantities of all orders in the database are at most its initial stock, its stock never ' +
    'went below zero, and no order id stands there twice.',
  judge(evidence) {
    const figures = reconcileOrders(evidence);
    if (figures === null)
      return { status: 'unknown', message: 'the orders in the database were not read after the run' };
    const stock = evidence.reconciliation!.products.reduce((sum, row) => sum + row.initialStock, 0);
    if (figures.oversoldUnits > 0)
      return {
        status: 'fail',
        message: `${counted(figures.oversoldUnits, 'unit')} oversold: ${figures.oversoldProducts.slice(0, 3).join(', ')}`,
        examples: figures.oversoldProducts.slice(0, 20),
      };
    if (figures.negativeProducts.length > 0)
      return {
        status: 'fail',
        message: `the stock went below zero: ${figures.negativeProducts.slice(0, 3).join(', ')}`,
        examples: figures.negativeProducts.slice(0, 20),
      };
    if (figures.duplicated.length > 0)
      return {
        status: 'fail',
        message: `${counted(figures.duplicated.length, 'order id')} found more than once in the database`,
        examples: figures.duplicated.slice(0, 20),
      };
    if (figures.queued.length > 0)
      return {
        status: 'unknown',
        message: `${figures.soldUnits} of ${stock} units sold so far, but confirmed orders are still queued`,
        examples: figures.queued.slice(0, 20),
      };
    return { status: 'pass', message: `${figures.soldUnits} of ${stock} units sold, none twice` };
  },
});
