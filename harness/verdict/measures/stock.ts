/** A sale in figures, from the database after the drain held against what clients were told; for the whole run. */
import { defineMeasure, type Evidence, type Measure } from '../../contract/verdict.ts';
import { reconcileOrders, type OrderFigures } from '../orders.ts';

function stock(init: Omit<Measure, 'of' | 'unit' | 'evidence'>, pick: (figures: OrderFigures) => number): Measure {
  return defineMeasure({
    ...init,
    unit: 'count',
    evidence: 'count',
    of(evidence: Evidence, phase) {
      if (phase.name !== 'run') return null;
      const figures = reconcileOrders(evidence);
      return figures === null ? null : pick(figures);
    },
  });
}

export default [
  stock({ id: 'stock.sold', title: 'Units sold', better: 'neither', aliases: ['sold'] }, (f) => f.soldUnits),
  stock(
    { id: 'stock.oversold', title: 'Units sold beyond the stock', better: 'lower', aliases: ['oversold', 'oversell'] },
    (f) => f.oversoldUnits,
  ),
  stock(
    { id: 'stock.lost', title: 'Confirmed orders that the database lacks', better: 'lower', aliases: ['lost'] },
    (f) => f.lost.length,
  ),
  stock(
    { id: 'stock.duplicated', title: 'Orders stored twice', better: 'lower', aliases: ['duplicated'] },
    (f) => f.duplicated.length,
  ),
];
