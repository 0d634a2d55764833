/**
 * Flash-sale stock in the database alone: a conditional update takes the row's lock and the units, in one transaction
 * with the order. The rival that everything else must beat: always right, and as fast as one row can be locked.
 */
import { z } from 'zod';
import { defineStockStrategy } from '../../harness/contract/stock.ts';
import { placeOrder } from './_order-transaction.ts';

export default defineStockStrategy({
  id: 'database',
  title: 'Database only, row lock',
  prose:
    'UPDATE … WHERE remaining >= quantity, the per-user limit and the order in one transaction. Never oversells and ' +
    'never loses an acknowledged order. Every buyer of one product queues for the lock of one row, so a flash sale ' +
    'fills the connection pool: latency grows with the crowd, and those who get no connection in time are told to ' +
    'try again.',
  source: 'PostgreSQL documentation, "Explicit locking" and "Read Committed isolation level"',
  parameters: z.object({}),
  async create(context) {
    return {
      purchase: async (request) => (await placeOrder(context, request)).result,
      pending: async () => 0,
      close: async () => {},
    };
  },
});
