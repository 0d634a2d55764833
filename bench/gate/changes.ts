/**
 * The changes that the gate's validation plants into the example service, as settings of its environment. A share of a
 * latency is a share of what the base was measured to have ({@link Levels}), since only then is +5 % what it says.
 */
import { unknownName } from '../../harness/kit/suggest.ts';

/** Measured of the base before anything is planted, and kept with the recordings. */
export interface Levels {
  /** Median latency where nothing queues, end to end, ms. */
  unloadedP50Ms: number;
  /** Of a trial of the series, ms. */
  p95Ms: number;
  p99Ms: number;
  queriesPerRequest: number;
}

export interface PlantedChange {
  id: string;
  title: string;
  /** Environment of the candidate's instances, on top of the base's. */
  knobs(levels: Levels): Readonly<Record<string, string>>;
  /** True runs a copy of the program in other files. */
  copied?: true;
  /** Measures that the change is about, of which one must be found regressed; null for what changes nothing. */
  goal: readonly string[] | null;
}

/** How long the query of a page takes in the database, ms (`recomputeMs` of the profile): real work, as a wait. */
export const QUERY_MS = 10;

/** Busy waiting in every request. */
function service(percent: number, goal: PlantedChange['goal']): PlantedChange {
  return {
    id: `service-${percent}`,
    title: `service time +${percent} % of the unloaded p50, busy waiting in every request`,
    knobs: ({ unloadedP50Ms }) => ({
      SLOW_SERVICE_PERCENT: String(percent),
      SLOW_BASE_US: String(Math.round(unloadedP50Ms * 1000)),
    }),
    goal,
  };
}

/** The query takes longer by a share of a quantile that is made of misses. */
function slowerQuery(id: string, title: string, extraMs: (levels: Levels) => number, goal: string): PlantedChange {
  return {
    id,
    title,
    knobs: (levels) => ({ QUERY_COST_MS: (QUERY_MS + extraMs(levels)).toFixed(3) }),
    goal: [goal],
  };
}

function extraQuery(id: string, title: string, share: (levels: Levels) => number): PlantedChange {
  return {
    id,
    title,
    knobs: (levels) => ({ EXTRA_QUERY_SHARE: share(levels).toFixed(5) }),
    goal: ['db.queriesPerRequest'],
  };
}

export const CHANGES: readonly PlantedChange[] = [
  { id: 'none', title: 'base against itself', knobs: () => ({}), goal: null },
  { id: 'comment', title: 'a comment in a copy of the program', knobs: () => ({}), copied: true, goal: null },
  service(2, ['latency.p50']),
  service(5, ['latency.p50']),
  service(10, ['latency.p50']),
  service(20, ['latency.p50']),
  slowerQuery('p95-5', 'database query slower by 5 % of p95', ({ p95Ms }) => 0.05 * p95Ms, 'latency.p95'),
  slowerQuery('p99-10', 'database query slower by 10 % of p99', ({ p99Ms }) => 0.1 * p99Ms, 'latency.p99'),
  extraQuery('queries-2', 'extra queries, 2 % of all queries', ({ queriesPerRequest }) => 0.02 * queriesPerRequest),
  extraQuery('query-2', 'one extra query in 2 % of requests', () => 0.02),
  extraQuery('query-all', 'one extra query in every request', () => 1),
  { id: 'index', title: 'a lost index', knobs: () => ({ NO_INDEX: '1' }), goal: ['latency.p95', 'latency.p99'] },
  {
    id: 'single-flight',
    title: 'a lost single-flight',
    knobs: () => ({ NO_SINGLE_FLIGHT: '1' }),
    goal: ['db.queriesPerRequest'],
  },
  {
    id: 'tail',
    title: '1 % of requests + 50 ms',
    knobs: () => ({ TAIL_DELAY_SHARE: '0.01', TAIL_DELAY_MS: '50' }),
    goal: ['latency.p99'],
  },
];

/** @throws HarnessError UNKNOWN_NAME with the nearest name */
export function changeNamed(id: string): PlantedChange {
  const found = CHANGES.find((change) => change.id === id);
  if (found) return found;
  throw unknownName(
    'planted change',
    id,
    CHANGES.map((change) => change.id),
  );
}

/** @param text ids with commas between them, or `all` */
export function changesNamed(text: string): PlantedChange[] {
  return text === 'all' ? [...CHANGES] : text.split(',').map((id) => changeNamed(id.trim()));
}
