/**
 * The classic off-by-one of a sale: each instance sells one unit more of each product than there is. Must be found by
 * the "no oversell" check.
 */
import { defineBrokenService } from '../shop/broken.ts';

export default defineBrokenService({
  id: 'sells-one-too-many',
  title: 'Sells one too many',
  prose: 'The first buyer of each product who should have been told "sold out" gets a unit that does not exist.',
  sells(stock, { postgres }) {
    const oversold = new Set<number>();
    return {
      ...stock,
      async purchase(request) {
        const result = await stock.purchase(request);
        if (result !== 'sold-out' || oversold.has(request.product)) return result;
        oversold.add(request.product);
        await postgres.query(
          `WITH sold AS (UPDATE shop.stock SET remaining = remaining - $4 WHERE product_id = $2)
           INSERT INTO shop.orders (order_id, product_id, user_id, quantity) VALUES ($1, $2, $3, $4)`,
          [request.orderId, request.product, request.user, request.quantity],
        );
        return 'accepted';
      },
    };
  },
});
