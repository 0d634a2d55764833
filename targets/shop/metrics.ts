/**
 * What an instance counts, in Prometheus' text format and for the harness's own probe. Counting costs a request a
 * few additions; everything else is worked out when somebody asks.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Pool } from 'pg';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { CacheOutcome } from '../../harness/contract/defence.ts';
import type { PurchaseResult } from '../../harness/contract/stock.ts';
import type { LoadLog } from './load-log.ts';

/** Period of the event-loop timer. Node records the time between two ticks, so an idle loop shows the period. */
const TICK_MS = 10;

/** Routes that no traffic goes to. */
const OURS = /^\/(cachequake\/|healthz$|metrics$)/;

export interface ShopMetrics {
  readonly registry: Registry;
  /** Totals since start. */
  readonly cacheOutcomes: Record<string, number>;
  readonly purchases: Record<PurchaseResult | 'unknown' | 'too-many-requests', number>;
  /** Totals since start, of everything but the harness's own questions. */
  readonly traffic: { requests: number; bodyBytes: number; notModified: number };
  outcome(outcome: CacheOutcome | 'failed'): void;
  /** @param bodyBytes size of the answer's body */
  request(route: string, status: number, elapsedMs: number, bodyBytes: number): void;
  /** Delay of the event loop beyond its timer's period, since the last call. */
  eventLoopDelay(): { p99Ms: number; maxMs: number };
  close(): void;
}

/** A counter whose values are kept elsewhere and read when somebody asks. */
function mirror(
  registry: Registry,
  name: string,
  help: string,
  label: string,
  totals: () => Readonly<Record<string, number>>,
): void {
  const counter = new Counter({
    name,
    help,
    labelNames: [label],
    registers: [],
    collect() {
      this.reset();
      for (const [value, total] of Object.entries(totals())) this.inc({ [label]: value }, total);
    },
  });
  registry.registerMetric(counter);
}

/**
 * @param loads where loads are counted
 */
export function createMetrics(pool: Pool, loads: LoadLog): ShopMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'shop_' });
  const cacheOutcomes: Record<string, number> = {};
  const traffic = { requests: 0, bodyBytes: 0, notModified: 0 };
  const purchases = {
    accepted: 0,
    'sold-out': 0,
    'limit-reached': 0,
    'too-many-requests': 0,
    unavailable: 0,
    unknown: 0,
  };
  mirror(registry, 'shop_cache_outcomes_total', 'Reads by cache outcome', 'outcome', () => cacheOutcomes);
  mirror(registry, 'shop_loads_total', 'Loads from the database by cause', 'cause', () => loads.byCause());
  mirror(registry, 'shop_purchases_total', 'Purchases by result', 'result', () => purchases);
  const connections = new Gauge({
    name: 'shop_postgres_connections',
    help: 'Connections of the pool, and callers waiting for one',
    labelNames: ['state'],
    registers: [],
    collect() {
      this.set({ state: 'open' }, pool.totalCount);
      this.set({ state: 'idle' }, pool.idleCount);
      this.set({ state: 'waiting' }, pool.waitingCount);
    },
  });
  registry.registerMetric(connections);
  const durations = new Histogram({
    name: 'shop_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer',
    labelNames: ['route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const series = new Map<string, { observe(value: number): void }>();
  const delay = monitorEventLoopDelay({ resolution: TICK_MS });
  delay.enable();
  const beyond = (ns: number): number => Math.max(0, ns / 1e6 - TICK_MS);

  return {
    registry,
    cacheOutcomes,
    purchases,
    outcome(outcome) {
      cacheOutcomes[outcome] = (cacheOutcomes[outcome] ?? 0) + 1;
    },
    traffic,
    request(route, status, elapsedMs, bodyBytes) {
      if (!OURS.test(route)) {
        traffic.requests += 1;
        traffic.bodyBytes += bodyBytes;
        if (status === 304) traffic.notModified += 1;
      }
      const name = `${route} ${status}`;
      let one = series.get(name);
      if (one === undefined) series.set(name, (one = durations.labels(route, String(status))));
      one.observe(elapsedMs / 1000);
    },
    eventLoopDelay() {
      const seen =
        delay.count === 0 ? { p99Ms: 0, maxMs: 0 } : { p99Ms: beyond(delay.percentile(99)), maxMs: beyond(delay.max) };
      delay.reset();
      return seen;
    },
    close: () => delay.disable(),
  };
}
