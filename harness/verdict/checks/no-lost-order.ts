/**
 * What was confirmed to a buyer is in the database, and nothing else is: acknowledged ⊆ in the database ⊆
 * acknowledged ∪ unknown. Requests that timed out may be on either side.
 */
import { defineCheck } from '../../contract/verdict.ts';
import { reconcileOrders } from '../orders.ts';
import { counted } from '../wording.ts';

export default defineCheck({
  id: 'no-lost-order',
  title: 'No lost order',
  prose:
    'Every order that a client was told about is in the database exactly once, and the database holds no order that ' +
    'was refused or never sent. An order whose answer never came may be there or not: it is counted as recovered.',
  judge(evidence) {
    const figures = reconcileOrders(evidence);
    if (figures === null)
      return { status: 'unknown', message: 'the orders in the database were not read after the run' };
    if (!evidence.load.writes.some((write) => write.operation === 'purchase'))
      return { status: 'unknown', message: 'no purchase was recorded, so there is nothing to compare' };
    const { lost, unexpected, duplicated, recovered, queued, acknowledged } = figures;
    const wrong = [
      lost.length > 0 ? `${lost.length} of ${counted(acknowledged, 'confirmed order')} missing in the database` : null,
      unexpected.length > 0 ? `${counted(unexpected.length, 'order')} in the database refused or never sent` : null,
      duplicated.length > 0 ? `${counted(duplicated.length, 'order')} stored more than once` : null,
    ].filter((text) => text !== null);
    if (wrong.length > 0)
      return {
        status: 'fail',
        message: wrong.join('; '),
        examples: [
          ...lost.map((id) => `lost ${id}`),
          ...unexpected.map((id) => `unexpected ${id}`),
          ...duplicated.map((id) => `duplicated ${id}`),
        ].slice(0, 20),
      };
    if (queued.length > 0)
      return {
        status: 'unknown',
        message: `${queued.length} of ${counted(acknowledged, 'confirmed order')} still queued when the drain ended`,
        examples: queued.slice(0, 20),
      };
    const found = recovered.length > 0 ? `, and ${recovered.length} whose answer never came` : '';
    return { status: 'pass', message: `confirmed orders in the database: all ${acknowledged}${found}` };
  },
});
