/**
 * Hands one buyer the page that another asked for, as a connection pool does that gives out an answer left over from
 * a cancelled request. Must be found by the "identity" check.
 */
import { defineBrokenService } from '../shop/broken.ts';
import { productKey, productOf } from '../shop/product-page.ts';

const EVERY = 50;

export default defineBrokenService({
  id: 'mixes-up-keys',
  title: 'Mixes up keys',
  prose: `One read in ${EVERY} is answered with the page of the next product.`,
  reads(read) {
    let reads = 0;
    return async (key) => {
      reads += 1;
      if (reads % EVERY !== 0) return read(key);
      const other = await read(productKey((productOf(key) ?? 0) + 1));
      // The last product has no next one.
      return other.value === null ? read(key) : other;
    };
  },
});
