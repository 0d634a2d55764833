/**
 * The measures that a comparison shows, in their order and groups. What a contender spares stands apart from what it
 * takes for that, and both from what must simply be right, so that nobody reads a low price as a good defence.
 */
import { SALE_MEASURES } from './sale.ts';
import { WORKLOAD_MEASURES } from './workload.ts';
import { WRITE_MEASURES } from './writes.ts';

export type ColumnGroup = 'benefit' | 'cost' | 'correctness';
/** The groups in their order, with what is in them. */
export const GROUPS: readonly { group: ColumnGroup; label: string; sub: string }[] = [
  { group: 'benefit', label: 'Benefit', sub: 'what database and readers are spared' },
  { group: 'correctness', label: 'Correctness', sub: 'what must not go wrong' },
  { group: 'cost', label: 'Cost', sub: 'what is paid for it' },
];

export interface Column {
  id: string;
  phase: 'run' | 'before' | 'during';
  group: ColumnGroup;
  label: string;
  /** Stands under the label; the measure's unit where not given. */
  sub?: string;
  /** Where no head of a table explains it; the label where not given. */
  name?: string;
}

const benefit = (id: string, label: string, sub?: string, phase: Column['phase'] = 'run'): Column => ({
  id,
  phase,
  group: 'benefit',
  label,
  ...(sub === undefined ? {} : { sub }),
});
const cost = (id: string, label: string, sub?: string): Column => ({ ...benefit(id, label, sub), group: 'cost' });

/** Which group a figure of writes, workloads and sales belongs to; those that are not named must be right. */
const OTHER_GROUPS: Readonly<Record<string, ColumnGroup>> = {
  'stock.unsold': 'benefit',
  'stock.soldOutAfter': 'benefit',
  'stock.ordersPerSec': 'benefit',
  'tokens.renewalsPerPeriod': 'benefit',
  'stock.statementsPerOrder': 'cost',
  'writes.lagP99': 'cost',
};
const named = [...WORKLOAD_MEASURES, ...WRITE_MEASURES, ...SALE_MEASURES].map(([id, label]): Column => ({
  id,
  phase: 'run',
  group: OTHER_GROUPS[id] ?? 'correctness',
  label,
}));
const ofGroup = (group: ColumnGroup): Column[] => named.filter((column) => column.group === group);

/** All columns, group by group. */
export const COLUMNS: readonly Column[] = [
  benefit('db.loadsPerExpiry', 'Loads per expiry', 'measured'),
  // Loads where the target reports them, else queries: of the database's own count there is no sample every 100 ms.
  benefit('db.peakRate', 'Peak database rate', 'per second'),
  benefit('db.peakConcurrent', 'Loads at once', 'in all'),
  { ...benefit('db.peakConcurrentPerKey', 'Loads at once', 'of one key'), name: 'Loads of one key at once' },
  benefit('db.queriesPerRequest', 'Queries', 'per request'),
  benefit('edge.originRequestsPerRequest', 'Requests to the service', 'per request'),
  benefit('edge.bytesPerRequest', 'Bytes from the service', 'per request'),
  benefit('edge.notModified', '304s of the service'),
  benefit('latency.p99', 'p99 before', undefined, 'before'),
  benefit('latency.p99', 'p99 during', undefined, 'during'),
  benefit('latency.p99', 'p99'),
  benefit('errors.rate', 'Errors'),
  benefit('recovery.time', 'Recovery'),
  ...ofGroup('benefit'),
  ...ofGroup('correctness'),
  cost('shed.rate', 'Shed'),
  cost('cache.staleShare', 'Stale reads', '% past their TTL'),
  cost('cache.waitedShare', 'Waited for another', '% of reads'),
  cost('cache.waiterCost', 'Readers blocked', 's in all'),
  cost('db.wastedLoads', 'Wasted loads', 'not stored'),
  cost('redis.opsPerRequest', 'Redis operations', 'per request'),
  cost('redis.bytesPerRequest', 'Redis traffic', 'per request'),
  cost('redis.memory', 'Redis memory', 'most'),
  ...ofGroup('cost'),
];

/** Shown only where some run has more than nothing of it. */
export const ONLY_IF_ANY: ReadonlySet<string> = new Set([
  'shed.rate',
  'cache.staleShare',
  'cache.waitedShare',
  'db.wastedLoads',
]);
