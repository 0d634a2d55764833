/** The service probe against real HTTP servers that tell, or do not tell, of their loads. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ProbeContext, ProbeEvidence } from '../contract/probe.ts';
import type { ServiceProbeAnswer } from '../contract/target.ts';
import { realClock } from '../kit/clock.ts';
import { startProbes } from './engine/run-probes.ts';
import service from './service.ts';

/** This probe asks neither Redis nor Postgres. */
const stack: ProbeContext['stack'] = {
  redisUrl: '',
  postgresUrl: '',
  servers: [],
  cpuMs: () => Promise.resolve(null),
  manifest: { id: 'local' },
};

async function watch(instances: { url: string }[], forMs: number): Promise<ProbeEvidence> {
  await using running = await startProbes([service], {
    stack,
    instances: instances.map(({ url }, index) => ({ index, url, pid: null })),
  });
  const measuredFromMs = realClock.nowMs();
  await delay(forMs);
  const { evidence } = await running.stop({ measuredFromMs, measuredToMs: realClock.nowMs() });
  expect(evidence).toHaveLength(1);
  expect(evidence[0]!.error).toBeNull();
  return evidence[0]!;
}

test('the service tells its loads, each once; a target that does not tell is no error', async () => {
  const made: { key: string; startedAtMs: number }[] = [];
  const told = await listen((path) => {
    const since = Number(new URL(path, 'http://x').searchParams.get('since'));
    const now = realClock.nowMs();
    for (let i = 0; i < 3; i++) made.push({ key: `k${made.length}`, startedAtMs: now });
    const loads = made.slice(since);
    return {
      nowMs: now,
      eventLoopDelayP99Ms: 12,
      eventLoopDelayMaxMs: 20,
      rssBytes: 1_000,
      cpuMs: made.length,
      loadsInFlight: 2,
      loadsInFlightMaxPerKey: 1,
      cacheOutcomes: { hit: made.length * 10 },
      lastLoad: made.length,
      loads: {
        key: loads.map(({ key }) => key),
        cause: loads.map(() => 'miss'),
        startedAtMs: loads.map(({ startedAtMs }) => startedAtMs),
        endedAtMs: loads.map(({ startedAtMs }) => startedAtMs + 1),
        ok: loads.map(() => true),
        filled: loads.map(() => true),
      },
      lostLoads: false,
      stock: { acceptedOrders: 0, pendingOrders: 0 },
    };
  });
  const silent = await listen(() => null);
  try {
    const evidence = await watch([told, silent], 3_000);

    expect(evidence.loads.length).toBeGreaterThanOrEqual(15);
    expect(new Set(evidence.loads.map(({ key }) => key)).size).toBe(evidence.loads.length);
    expect(evidence.loads.every(({ instance }) => instance === 0)).toBe(true);
    expect(evidence.totals).toMatchObject({
      'service.eventLoopDelayP99MaxMs': 12,
      'service.rssMaxBytes': 1_000,
      'service.loadsInFlightMax': 2,
    });
    const { 'service.totalLoads': loads, 'service.reads.hit': hits } = evidence.totals;
    // Both are read between two samples, where they need not be whole together.
    expect(Math.abs(hits! - loads! * 10)).toBeLessThanOrEqual(10);
    expect(Math.abs(loads! - evidence.loads.length)).toBeLessThanOrEqual(3);

    const none = await watch([silent], 500);
    expect(none).toMatchObject({ series: [], loads: [], totals: {}, lostSamples: 0 });
  } finally {
    told.server.close();
    silent.server.close();
  }
});

/** A service that answers `/cachequake/probe` as told, or not at all. */
async function listen(answer: (path: string) => ServiceProbeAnswer | null): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const body = answer(request.url!);
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' });
    response.end(body ? JSON.stringify(body) : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
