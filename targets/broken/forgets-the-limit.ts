/**
 * Lets a buyer who has had their share buy again: the limit is looked up under a name that changes with every request.
 * Must be found by the "limit per user" check.
 */
import { defineBrokenService } from '../shop/broken.ts';

export default defineBrokenService({
  id: 'forgets-the-limit',
  title: 'Forgets the limit per user',
  prose: 'Who should have been told "limit reached" gets one more unit, as long as there are units.',
  sells(stock, { postgres }) {
    return {
      ...stock,
      async purchase(request) {
        const result = await stock.purchase(request);
        if (result !== 'limit-reached') return result;
        const stored = await postgres.query(
          `WITH sold AS (
             UPDATE shop.stock SET remaining = remaining - $4 WHERE product_id = $2 AND remaining >= $4 RETURNING 1
           )
           INSERT INTO shop.orders (order_id, product_id, user_id, quantity) SELECT $1, $2, $3, $4 FROM sold`,
          [request.orderId, request.product, request.user, request.quantity],
        );
        return stored.rowCount === 1 ? 'accepted' : 'sold-out';
      },
    };
  },
});
