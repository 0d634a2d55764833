/** What the harness asks of an instance: is it there, what has it loaded, fill the cache. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ServiceProbeAnswer } from '../../harness/contract/target.ts';
import type { Clock } from '../../harness/contract/time.ts';
import type { LoadLog } from './load-log.ts';
import type { ShopMetrics } from './metrics.ts';
import { checked } from './validation.ts';

const probeQuery = z.object({ since: z.coerce.number().int().min(0).default(0) });
const preloadBody = z.object({ keys: z.int().min(0).max(10_000_000) });

/** How long the probe waits for the number of queued orders before it tells the last one that it knows. */
const PENDING_LIMIT_MS = 100;

/** Registers `/healthz`, `/metrics`, `/cachequake/probe` and `/cachequake/preload`. */
export function registerHarness(
  app: FastifyInstance,
  parts: {
    clock: Clock;
    loads: LoadLog;
    metrics: ShopMetrics;
    /** What was acknowledged and is not in the database yet. */
    pending(): Promise<number>;
    preload(keys: number): Promise<number>;
  },
): void {
  const { clock, loads, metrics, preload } = parts;
  let pendingOrders = 0;

  async function countPending(): Promise<number> {
    const asked = parts.pending().then(
      (count) => (pendingOrders = count),
      () => pendingOrders,
    );
    return Promise.race([asked, clock.sleep(PENDING_LIMIT_MS).then(() => pendingOrders)]);
  }

  app.get('/healthz', async () => ({ status: 'up' }));

  app.get('/metrics', async (_incoming, reply) => {
    reply.type(metrics.registry.contentType);
    return metrics.registry.metrics();
  });

  const probe = checked({ querystring: probeQuery });
  app.get<{ Querystring: z.infer<typeof probeQuery> }>('/cachequake/probe', probe, async (incoming) => {
    const pending = await countPending();
    const flight = loads.inFlight();
    const delay = metrics.eventLoopDelay();
    const cpu = process.cpuUsage();
    const answer: ServiceProbeAnswer = {
      nowMs: clock.nowMs(),
      eventLoopDelayP99Ms: delay.p99Ms,
      eventLoopDelayMaxMs: delay.maxMs,
      rssBytes: process.memoryUsage.rss(),
      cpuMs: (cpu.user + cpu.system) / 1000,
      loadsInFlight: flight.now,
      loadsInFlightMaxPerKey: flight.maxPerKey,
      cacheOutcomes: metrics.cacheOutcomes,
      ...loads.since(incoming.query.since),
      stock: { acceptedOrders: metrics.purchases.accepted, pendingOrders: pending },
      traffic: metrics.traffic,
    };
    return answer;
  });

  const fill = checked({ body: preloadBody });
  app.post<{ Body: z.infer<typeof preloadBody> }>('/cachequake/preload', fill, async (incoming) => {
    const startedMs = clock.nowMs();
    const loaded = await preload(incoming.body.keys);
    return { loaded, tookMs: Math.round(clock.nowMs() - startedMs) };
  });
}
