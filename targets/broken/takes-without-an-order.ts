/**
 * Takes a unit and forgets the order, as a service does that dies between the two statements. Must be found by the
 * "stock adds up" check; to every other check it is only a slow sale.
 */
import { defineBrokenService } from '../shop/broken.ts';

const EVERY = 10;

export default defineBrokenService({
  id: 'takes-without-an-order',
  title: 'Takes units without an order',
  prose: `One purchase in ${EVERY} takes a unit in the database, stores no order and is told to try again.`,
  sells(stock, { postgres }) {
    let purchases = 0;
    return {
      ...stock,
      async purchase(request) {
        purchases += 1;
        if (purchases % EVERY !== 0) return stock.purchase(request);
        const { product, quantity } = request;
        await postgres.query(
          'UPDATE shop.stock SET remaining = remaining - $2 WHERE product_id = $1 AND remaining >= $2',
          [product, quantity],
        );
        return 'unavailable';
      },
    };
  },
});
