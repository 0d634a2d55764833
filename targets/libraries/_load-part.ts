/** The same load for every subject: readers of one hot key over two processes while it expires again and again. */
import { mergeEncoded } from '../../harness/kit/histogram.ts';
import type { RedisProcess } from '../stores/_redis-process.ts';
import { COMMAND_TIMEOUT_MS } from './_case.ts';
import { startWorker } from './_process.ts';
import { mostStarved } from './_starvation.ts';

export const LOAD_PART = { processes: 2, readers: 200, pauseMs: 25, recomputeMs: 100, ttlMs: 1000, durationMs: 2500 };

export interface LoadPartResult {
  reads: number;
  failed: number;
  loads: number;
  /** Groups of loads that began within half a TTL of the first: one group is one expiry. */
  expiries: number;
  loadsPerExpiry: number | null;
  /** The most loads of one expiry. */
  mostLoadsPerExpiry: number;
  p50Ms: number;
  p99Ms: number;
  /** The longest that a process waited for a core in all, ms; null where the system does not tell. */
  starvedMs: number | null;
}

/** Sizes of the groups of loads, each begun within `withinMs` of the group's first. */
export function groupLoads(startedAtMs: readonly number[], withinMs: number): number[] {
  const sizes: number[] = [];
  let firstMs = -Infinity;
  for (const atMs of startedAtMs.toSorted((a, b) => a - b)) {
    if (atMs - firstMs > withinMs) {
      firstMs = atMs;
      sizes.push(0);
    }
    sizes[sizes.length - 1]!++;
  }
  return sizes;
}

/** Three digits or so: a read from memory takes microseconds. */
const inMs = (us: number): number => Number((us / 1000).toPrecision(3));

/** Runs the load once. Rejects as a worker does. */
export async function runLoadPart(
  subject: string,
  redis: RedisProcess,
  namespace: string,
  signal: AbortSignal,
): Promise<LoadPartResult> {
  const { processes, readers, pauseMs, recomputeMs, ttlMs, durationMs } = LOAD_PART;
  await using stack = new AsyncDisposableStack();
  const workers = await Promise.all(
    Array.from({ length: processes }, async () => stack.use(await startWorker(redis, signal))),
  );
  const where = { subject, redisUrl: redis.url, namespace, ttlMs, recomputeMs, commandTimeoutMs: COMMAND_TIMEOUT_MS };
  await Promise.all(workers.map((worker) => worker.call('open', where)));
  const load = { key: 'hot', readers: readers / processes, pauseMs, durationMs };
  const answers = await Promise.all(workers.map((worker) => worker.call('load', load)));
  const starved = await Promise.all(workers.map((worker) => worker.call('starved', null)));
  const sizes = groupLoads(
    answers.flatMap(({ loadsAtMs }) => loadsAtMs),
    ttlMs / 2,
  );
  const loads = sizes.reduce((total, size) => total + size, 0);
  const latency = mergeEncoded(answers.map((answer) => answer.latency));
  return {
    reads: answers.reduce((total, { reads }) => total + reads, 0),
    failed: answers.reduce((total, { failed }) => total + failed, 0),
    loads,
    expiries: sizes.length,
    loadsPerExpiry: sizes.length === 0 ? null : Number((loads / sizes.length).toFixed(2)),
    mostLoadsPerExpiry: Math.max(0, ...sizes),
    p50Ms: inMs(latency.getValueAtPercentile(50)),
    p99Ms: inMs(latency.getValueAtPercentile(99)),
    starvedMs: mostStarved(starved),
  };
}
