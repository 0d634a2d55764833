/**
 * Nobody got more than their share: a limit that is counted in one place and sold in another lets two requests of one
 * user through at the same moment.
 */
import { defineCheck } from '../../contract/verdict.ts';
import { counted } from '../wording.ts';

export default defineCheck({
  id: 'limit-per-user',
  title: 'Limit per user',
  prose: 'No user has more orders of one product in the database than the sale allows.',
  judge({ plan, reconciliation }) {
    const limit = plan.purchasesPerUser;
    if (limit === null) return { status: 'pass', message: 'the sale has no limit per user' };
    if (reconciliation === null)
      return { status: 'unknown', message: 'the orders in the database were not read after the run' };
    const orders = new Map<string, number>();
    for (const { product, user } of reconciliation.orders) {
      const buyer = `user ${user}, product ${product}`;
      orders.set(buyer, (orders.get(buyer) ?? 0) + 1);
    }
    const beyond = [...orders]
      .filter(([, count]) => count > limit)
      .map(([buyer, count]) => `${buyer}: ${count} orders`);
    if (beyond.length > 0)
      return {
        status: 'fail',
        message: `${counted(beyond.length, 'buyer')} beyond the limit of ${limit}: ${beyond.slice(0, 3).join('; ')}`,
        examples: beyond.slice(0, 20),
      };
    if (reconciliation.pending > 0)
      return {
        status: 'unknown',
        message: `${counted(reconciliation.pending, 'order')} still queued when the drain ended`,
      };
    return {
      status: 'pass',
      message: `${counted(orders.size, 'buyer')}, none with more than ${counted(limit, 'order')}`,
    };
  },
});
