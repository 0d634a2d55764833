/**
 * Acknowledges before it has stored, and now and then does not store: one purchase in ten is answered "accepted" and
 * forgotten. Must be found by the "no lost order" check.
 */
import { defineBrokenService } from '../shop/broken.ts';

const EVERY = 10;

export default defineBrokenService({
  id: 'loses-an-order',
  title: 'Loses an order',
  prose: `One purchase in ${EVERY} is acknowledged and dropped.`,
  sells(stock) {
    let purchases = 0;
    return {
      ...stock,
      async purchase(request) {
        purchases += 1;
        return purchases % EVERY === 0 ? 'accepted' : stock.purchase(request);
      },
    };
  },
});
