/** A sale in figures, from the database after the drain held against what clients were told; for the whole run. */
import { defineMeasure, type Evidence, type Measure } from '../../contract/verdict.ts';
import { reconcileOrders, type OrderFigures } from '../orders.ts';
import { saleOf } from '../sale.ts';
import { loadsWithin, totalOf } from '../sources.ts';

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
  defineMeasure({
    id: 'stock.unsold',
    // Where more people came than there were units, these have leaked.
    title: 'Units left of what people tried to buy',
    unit: 'count',
    better: 'lower',
    evidence: 'count',
    aliases: ['unsold'],
    of: (evidence, phase) => (phase.name === 'run' ? (saleOf(evidence)?.unsoldUnits ?? null) : null),
  }),
  defineMeasure({
    id: 'stock.soldOutAfter',
    title: 'Time from the opening of the sale to the last unit',
    unit: 's',
    better: 'lower',
    evidence: 'time',
    aliases: ['soldOutAfter'],
    of(evidence, phase) {
      const afterMs = phase.name === 'run' ? (saleOf(evidence)?.soldOutAfterMs ?? null) : null;
      return afterMs === null ? null : afterMs / 1000;
    },
  }),
  defineMeasure({
    id: 'stock.ordersPerSec',
    title: 'Confirmed orders per second while units were left',
    unit: '/s',
    better: 'higher',
    evidence: 'time',
    aliases: ['ordersPerSec'],
    of(evidence, phase) {
      const sale = phase.name === 'run' ? saleOf(evidence) : null;
      return sale === null || sale.openMs === 0 ? null : (sale.ordersWhileOpen * 1000) / sale.openMs;
    },
  }),
  defineMeasure({
    id: 'stock.statementsPerOrder',
    // Loads of cached values are one statement each and no part of selling.
    title: 'Database statements per confirmed order, loads of the cache not counted',
    unit: 'ratio',
    better: 'lower',
    evidence: 'count',
    aliases: ['statementsPerOrder'],
    of(evidence, phase) {
      const sale = phase.name === 'run' ? saleOf(evidence) : null;
      const statements = totalOf(evidence, 'db.totalQueries');
      if (sale === null || sale.confirmed === 0 || statements === null) return null;
      return Math.max(0, statements - loadsWithin(evidence, phase).length) / sale.confirmed;
    },
  }),
];
