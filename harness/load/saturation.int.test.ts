import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { LoadEvidence } from '../contract/load.ts';
import { mergeEncoded } from '../kit/histogram.ts';
import { loadSpec, operationOf, startMisbehavingServer } from './misbehaving-server.ts';
import { saturationEngine } from './saturation.ts';

function sum(counts: readonly number[] = []): number {
  return counts.reduce((total, count) => total + count, 0);
}

function outcomesOf(evidence: LoadEvidence, operation: string): string[] {
  return [...new Set(evidence.histograms.filter((one) => one.operation === operation).map((one) => one.outcome))];
}

const SECOND = { name: 'main', durationMs: 1000, fromRatePerSec: 0, toRatePerSec: 0, recorded: true };

test('a closed loop keeps every connection busy and tells outcomes apart', async () => {
  await using server = await startMisbehavingServer();
  const load = await saturationEngine.start(
    loadSpec({
      segments: [{ ...SECOND, name: 'warm-up', durationMs: 300, recorded: false }, SECOND],
      operations: [
        operationOf('read-item', '/hit/{key}'),
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
        operationOf('read-feed', '/half/{key}'),
        operationOf('renew-token', '/close/{key}'),
      ],
      connectionsPerInstance: 8,
    }),
    [server.url],
  );
  const evidence = await load.done;
  expect(outcomesOf(evidence, 'read-item')).toEqual(['ok']);
  expect(outcomesOf(evidence, 'list-page')).toEqual(['wrong-answer']);
  expect(outcomesOf(evidence, 'purchase')).toEqual(['rejected']);
  expect(outcomesOf(evidence, 'count')).toEqual(['shed']);
  expect(outcomesOf(evidence, 'post')).toEqual(['reset']);
  expect(outcomesOf(evidence, 'touch-session')).toEqual(['client-error']);
  expect(outcomesOf(evidence, 'read-feed')).toEqual(['reset']);
  expect(outcomesOf(evidence, 'renew-token')).toEqual(['ok']);
  const { slots } = evidence;
  expect(slots.offered).toHaveLength(10);
  expect(sum(slots.offered)).toBeGreaterThan(200);
  expect(slots.sent).toEqual(slots.offered);
  expect(sum(slots.completed)).toBe(sum(slots.offered));
  expect(sum(slots.cacheOutcomes.early)).toBeGreaterThan(0);
  expect(evidence.slots.startedAtMs - evidence.startedAtMs).toBeCloseTo(300, 6);
  expect(evidence.generator.lagP99Us).toBeLessThanOrEqual(1);
  expect(evidence.generator.connectionsReplaced).toBeGreaterThan(0);
  expect(evidence.writes.some((write) => write.sentMs < 0)).toBe(true);
  expect(new Set(evidence.writes.map((write) => write.id)).size).toBe(evidence.writes.length);
});

test('two processes share the connections and one sequence of requests', async () => {
  await using server = await startMisbehavingServer();
  const load = await saturationEngine.start(
    loadSpec({
      segments: [{ ...SECOND, durationMs: 500 }],
      operations: [operationOf('read-item', '/later/{key}?id={id}')],
      connectionsPerInstance: 5,
      generatorProcesses: 2,
    }),
    [server.url],
  );
  const evidence = await load.done;
  expect(evidence.generator.processes).toBe(2);
  expect(evidence.generator.connectionsOpened).toBe(5);
  expect(new Set(server.asked).size).toBe(server.asked.length);
  // 100 ms each: 5 connections send 25 in half a second, fewer on a busy machine.
  expect(sum(evidence.slots.offered)).toBeLessThanOrEqual(25);
  expect(sum(evidence.slots.completed)).toBe(server.asked.length);
});

test('a timeout counts with its timeout, and later answers are timed from their own request', async () => {
  await using server = await startMisbehavingServer();
  const load = await saturationEngine.start(
    loadSpec({
      operations: [operationOf('read-item', '/later/{key}'), operationOf('count', '/never/{key}')],
      timeoutMs: 400,
      segments: [{ ...SECOND, durationMs: 2000 }],
    }),
    [server.url],
  );
  const evidence = await load.done;
  expect(outcomesOf(evidence, 'count')).toEqual(['timeout']);
  const answered = mergeEncoded(
    evidence.histograms.filter((one) => one.outcome === 'ok' && one.clock === 'intended').map((one) => one.hdr),
  );
  expect(answered.totalCount).toBeGreaterThan(10);
  expect(answered.getValueAtPercentile(50)).toBeGreaterThan(98_000);
  expect(answered.getValueAtPercentile(50)).toBeLessThan(300_000);
});

test('a refused connection is tried again after a pause, not in a tight loop', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const load = await saturationEngine.start(loadSpec({ segments: [SECOND], connectionsPerInstance: 4 }), [
    `http://127.0.0.1:${port}`,
  ]);
  const evidence = await load.done;
  expect(outcomesOf(evidence, 'read-item')).toEqual(['refused']);
  // 50 ms between attempts: at most 20 per connection and second.
  expect(sum(evidence.slots.completed)).toBeLessThanOrEqual(84);
});

test('stop waits for what is in flight', async () => {
  await using server = await startMisbehavingServer();
  const load = await saturationEngine.start(
    loadSpec({ segments: [{ ...SECOND, durationMs: 60_000 }], operations: [operationOf('read-item', '/later/{key}')] }),
    [server.url],
  );
  await expect.poll(() => server.asked.length, { timeout: 10_000 }).toBeGreaterThan(20);
  load.stop();
  const evidence = await load.done;
  expect(evidence.interrupted).toBe(true);
  expect(sum(evidence.slots.completed)).toBe(server.asked.length);
});
