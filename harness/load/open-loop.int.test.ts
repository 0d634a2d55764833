import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { HistogramRecord, LoadEvidence } from '../contract/load.ts';
import type { RequestOutcome } from '../contract/operation.ts';
import { mergeEncoded } from '../kit/histogram.ts';
import { entryPoint } from '../kit/package-root.ts';
import { loadSpec, operationOf, startMisbehavingServer } from './misbehaving-server.ts';
import { openLoopEngine } from './open-loop.ts';

function sum(counts: readonly number[] = []): number {
  return counts.reduce((total, count) => total + count, 0);
}

function countOf(evidence: LoadEvidence, wanted: Partial<HistogramRecord>): number {
  const entries = Object.entries({ clock: 'intended', ...wanted });
  return sum(
    evidence.histograms
      .filter((record) => entries.every(([name, value]) => record[name as keyof HistogramRecord] === value))
      .map((record) => record.count),
  );
}

test('every way to answer becomes its own outcome, and slots and histograms agree', async () => {
  await using server = await startMisbehavingServer();
  const load = await openLoopEngine.start(
    loadSpec({
      segments: [{ name: 'main', durationMs: 2000, fromRatePerSec: 450, toRatePerSec: 450, recorded: true }],
      operations: [
        operationOf('read-item', '/hit/{key}', {}, 3),
        operationOf('read-feed', '/miss/{key}'),
        operationOf('list-page', '/wrong/{key}'),
        operationOf('purchase', '/409/{key}', {
          method: 'POST',
          body: '{"order":"{id}"}',
          rejectedStatuses: [409],
          recordWrites: true,
        }),
        operationOf('count', '/shed/{key}'),
        operationOf('post', '/reset/{key}', { method: 'POST', body: '{}', recordWrites: true }),
        operationOf('touch-session', '/404/{key}'),
        operationOf('renew-token', '/503/{key}'),
        operationOf('write-item', '/never/{key}', { method: 'PUT', body: '{}', recordWrites: true }),
      ],
      timeoutMs: 400,
      connectionsPerInstance: 64,
    }),
    [server.url],
  );
  const evidence = await load.done;
  const { slots } = evidence;

  const expected: Record<string, RequestOutcome> = {
    'read-item': 'ok',
    'read-feed': 'ok',
    'list-page': 'wrong-answer',
    purchase: 'rejected',
    count: 'shed',
    post: 'reset',
    'touch-session': 'client-error',
    'renew-token': 'server-error',
    'write-item': 'timeout',
  };
  for (const [operation, outcome] of Object.entries(expected)) {
    const records = evidence.histograms.filter((record) => record.operation === operation);
    expect(
      records.map((record) => record.outcome),
      operation,
    ).toEqual(records.map(() => outcome));
    expect(sum(records.map((record) => record.count)), operation).toBeGreaterThan(80);
  }
  expect(countOf(evidence, { cacheOutcome: 'early' })).toBe(countOf(evidence, { operation: 'read-item' }));
  expect(countOf(evidence, { cacheOutcome: 'miss' })).toBe(countOf(evidence, { operation: 'read-feed' }));
  expect(sum(slots.cacheOutcomes.early)).toBe(countOf(evidence, { cacheOutcome: 'early' }));

  // Nothing is lost on the way: offered = sent + dropped, and what was sent has ended.
  expect(sum(slots.offered)).toBe(900);
  expect(slots.offered).toHaveLength(20);
  expect(sum(slots.dropped)).toBe(0);
  expect(sum(slots.completed)).toBe(900);
  expect(sum(slots.latencyCounts.flat())).toBe(900);
  expect(countOf(evidence, {})).toBe(900);
  for (const [outcome, counts] of Object.entries(slots.outcomes))
    expect(sum(counts)).toBe(countOf(evidence, { outcome: outcome as RequestOutcome }));

  // A timed-out request counts with its timeout.
  const timeouts = mergeEncoded(
    evidence.histograms.filter((one) => one.outcome === 'timeout' && one.clock === 'intended').map((one) => one.hdr),
  );
  expect(timeouts.getValueAtPercentile(0.1)).toBeGreaterThan(399_000);
  expect(timeouts.maxValue).toBeLessThan(401_000);

  const writes = (operation: string): string[] =>
    evidence.writes.filter((write) => write.operation === operation).map((write) => write.status);
  expect(new Set(writes('purchase'))).toEqual(new Set(['rejected']));
  expect(new Set(writes('post'))).toEqual(new Set(['unknown']));
  expect(new Set(writes('write-item'))).toEqual(new Set(['unknown']));
  expect(new Set(evidence.writes.map((write) => write.id)).size).toBe(evidence.writes.length);

  // Each broken connection was replaced, and no answer was taken for another's.
  expect(evidence.generator.connectionsReplaced).toBe(
    countOf(evidence, { outcome: 'reset' }) + countOf(evidence, { outcome: 'timeout' }),
  );
  expect(evidence.examples.some((text) => /list-page of key \d+: wrong-answer, no "id":\d+\}/.test(text))).toBe(true);
  expect(evidence.examples.length).toBeLessThanOrEqual(20);
  expect(evidence.interrupted).toBe(false);
});

test('a port where nobody listens refuses, and an answer cut short is a reset', async () => {
  await using server = await startMisbehavingServer();
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const load = await openLoopEngine.start(loadSpec({ operations: [operationOf('read-item', '/half/{key}')] }), [
    `http://127.0.0.1:${port}`,
    server.url,
  ]);
  const evidence = await load.done;
  // Arrivals go to the instances in turn.
  expect(countOf(evidence, { outcome: 'refused' })).toBe(100);
  expect(countOf(evidence, { outcome: 'reset' })).toBe(100);
});

test('a server that closes each connection politely causes no errors', async () => {
  await using server = await startMisbehavingServer();
  const load = await openLoopEngine.start(loadSpec({ operations: [operationOf('read-item', '/close/{key}')] }), [
    server.url,
  ]);
  const evidence = await load.done;
  expect(countOf(evidence, { outcome: 'ok' })).toBe(200);
  expect(evidence.generator.connectionsOpened).toBeGreaterThanOrEqual(200);
});

test('what the cap on requests in flight keeps back is counted as dropped, by slot', async () => {
  await using server = await startMisbehavingServer();
  const load = await openLoopEngine.start(
    loadSpec({ operations: [operationOf('read-item', '/never/{key}')], timeoutMs: 500, maxInFlight: 20 }),
    [server.url],
  );
  const { slots } = await load.done;
  expect(sum(slots.offered)).toBe(200);
  expect(slots.offered.every((offered, i) => offered === slots.sent[i]! + slots.dropped[i]!)).toBe(true);
  // 20 are sent in the first 100 ms, then none until they time out.
  expect(slots.sent[0]).toBe(20);
  expect(sum(slots.dropped.slice(1, 4))).toBe(60);
  expect(Math.max(...slots.maxInFlight)).toBe(20);
  expect(sum(slots.sent)).toBe(sum(slots.completed));
});

test('requests wait for a free connection, and time out while they wait', async () => {
  await using server = await startMisbehavingServer();
  const load = await openLoopEngine.start(
    loadSpec({
      // 100 requests within 10 ms, and room for 4.
      segments: [{ name: 'burst', durationMs: 10, fromRatePerSec: 10_000, toRatePerSec: 10_000, recorded: true }],
      operations: [operationOf('write-item', '/never/{key}', { method: 'PUT', recordWrites: true })],
      timeoutMs: 600,
      connectionsPerInstance: 4,
    }),
    [server.url],
  );
  const evidence = await load.done;
  expect(countOf(evidence, { outcome: 'timeout' })).toBe(100);
  // Those that never reached a connection have no time from their send, and were certainly not done.
  const neverSent = evidence.writes.filter((write) => write.status === 'rejected').length;
  expect(neverSent).toBeGreaterThan(50);
  expect(countOf(evidence, { outcome: 'timeout', clock: 'service' })).toBe(100 - neverSent);
  expect(server.asked.length).toBeLessThanOrEqual(100 - neverSent);
});

test('the same seed asks for the same, with one process or three, and warm-up is not recorded', async () => {
  await using server = await startMisbehavingServer();
  const runs: string[][] = [];
  for (const generatorProcesses of [1, 3]) {
    server.asked.length = 0;
    const load = await openLoopEngine.start(
      loadSpec({
        seed: 77,
        arrivals: 'poisson',
        segments: [
          { name: 'warm-up', durationMs: 400, fromRatePerSec: 0, toRatePerSec: 300, recorded: false },
          { name: 'main', durationMs: 600, fromRatePerSec: 300, toRatePerSec: 300, recorded: true },
        ],
        operations: [
          operationOf('read-item', '/ok/{key}?user={user}&id={id}', {}, 3),
          operationOf('count', '/hit/{key}?user={user}&id={id}'),
        ],
        generatorProcesses,
      }),
      [server.url, `${server.url}/`],
    );
    const evidence = await load.done;
    expect(evidence.generator.processes).toBe(generatorProcesses);
    expect(load.measuredFromMs - evidence.startedAtMs).toBeCloseTo(400, 6);
    expect(evidence.slots.startedAtMs).toBe(load.measuredFromMs);
    expect(evidence.slots.offered).toHaveLength(6);
    expect(sum(evidence.slots.offered)).toBeLessThan(server.asked.length);
    expect(sum(evidence.slots.offered)).toBe(countOf(evidence, { outcome: 'ok' }));
    runs.push(server.asked.toSorted());
  }
  expect(runs[0]!.length).toBeGreaterThan(150);
  expect(runs[1]).toEqual(runs[0]);
});

test('marks put requests into phases, those in flight at the strike into during', async () => {
  await using server = await startMisbehavingServer();
  const load = await openLoopEngine.start(
    loadSpec({
      segments: [{ name: 'main', durationMs: 3000, fromRatePerSec: 200, toRatePerSec: 200, recorded: true }],
      operations: [operationOf('read-item', '/later/{key}')],
      connectionsPerInstance: 64,
    }),
    [server.url],
  );
  // Marks may come a little after the time that they are about.
  const markAt = async (phase: 'during' | 'after', offsetMs: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, load.measuredFromMs + offsetMs + 300 - Date.now()));
    load.mark(phase, load.measuredFromMs + offsetMs);
  };
  await markAt('during', 1000);
  await markAt('after', 2000);
  const evidence = await load.done;
  expect(countOf(evidence, { phase: 'after' })).toBe(200);
  // 100 ms at 200/s: about 20 were in flight at the strike, more on a busy machine.
  expect(countOf(evidence, { phase: 'during' })).toBeGreaterThanOrEqual(219);
  expect(countOf(evidence, { phase: 'before' })).toBeLessThanOrEqual(181);
  expect(countOf(evidence, {})).toBe(600);
});

test('latency counts from the intended arrival: a stall is felt by all who arrive in it', async () => {
  await using server = await startMisbehavingServer();
  const load = await openLoopEngine.start(
    loadSpec({ operations: [operationOf('read-item', '/later/{key}')], connectionsPerInstance: 2, timeoutMs: 20_000 }),
    [server.url],
  );
  const evidence = await load.done;
  const of = (clock: 'intended' | 'service') =>
    mergeEncoded(evidence.histograms.filter((record) => record.clock === clock).map((record) => record.hdr));
  // Two connections answer 20/s: the last of 200 requests waits for about 9 s, though each takes 100 ms.
  expect(of('intended').maxValue).toBeGreaterThan(8_000_000);
  expect(of('service').getValueAtPercentile(50)).toBeLessThan(1_000_000);
  expect(of('intended').totalCount).toBe(200);
}, 30_000);

test('stop sends nothing more and gives what there is; kill ends at once', async () => {
  await using server = await startMisbehavingServer();
  const spec = loadSpec({
    segments: [{ name: 'main', durationMs: 60_000, fromRatePerSec: 200, toRatePerSec: 200, recorded: true }],
    operations: [operationOf('read-item', '/later/{key}')],
  });
  const stopped = await openLoopEngine.start(spec, [server.url]);
  const progress = new Promise((resolve) => stopped.onProgress(resolve));
  expect(await progress).toMatchObject({ segment: 'main', totalMs: 60_000 });
  stopped.stop();
  const evidence = await stopped.done;
  expect(evidence.interrupted).toBe(true);
  expect(evidence.slots.offered.length).toBeLessThan(100);
  expect(sum(evidence.slots.completed)).toBe(sum(evidence.slots.offered));

  const killed = await openLoopEngine.start(spec, [server.url]);
  killed.kill();
  await expect(killed.done).rejects.toMatchObject({ code: 'INTERRUPTED' });
});

test('generators end when their parent is gone', async () => {
  await using server = await startMisbehavingServer();
  const spec = loadSpec({
    segments: [{ name: 'main', durationMs: 60_000, fromRatePerSec: 200, toRatePerSec: 200, recorded: true }],
  });
  const script = `
    import { openLoopEngine } from ${JSON.stringify(entryPoint('harness/load/open-loop'))};
    await openLoopEngine.start(${JSON.stringify(spec)}, [${JSON.stringify(server.url)}]);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  try {
    await expect.poll(() => server.asked.length, { timeout: 20_000 }).toBeGreaterThan(50);
  } finally {
    parent.kill('SIGKILL');
  }
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const asked = server.asked.length;
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(server.asked.length).toBe(asked);
}, 40_000);
