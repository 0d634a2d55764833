/** The measures of a sale, in the order and with the names in which every report shows them. */
export const SALE_MEASURES = [
  ['stock.oversold', 'Oversold'],
  ['stock.lost', 'Lost orders'],
  ['stock.duplicated', 'Duplicated orders'],
  ['stock.unsold', 'Units left'],
  ['stock.soldOutAfter', 'Sold out after'],
  ['stock.ordersPerSec', 'Orders per second'],
  ['stock.statementsPerOrder', 'Statements per order'],
] as const;
