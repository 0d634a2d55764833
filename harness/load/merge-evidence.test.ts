import { expect, test } from 'vitest';
import type { HistogramRecord } from '../contract/load.ts';
import { seededRandom } from '../kit/random.ts';
import { decodeHistogram, mergeEncoded } from '../kit/histogram.ts';
import { mergeReports } from './merge-evidence.ts';
import type { GeneratorReport } from './messages.ts';
import { loadSpec, operationOf } from './misbehaving-server.ts';
import { Recorder, type EndedRequest } from './recorder.ts';

const SPEC = loadSpec({ operations: [operationOf('read-item', '/a'), operationOf('read-item', '/b', {}, 2)] });

/** The same 3,000 requests, recorded by as many processes as asked for. */
function record(processes: number): GeneratorReport[] {
  const random = seededRandom(9, 'latencies');
  const recorders = Array.from({ length: processes }, () => new Recorder(SPEC));
  for (let i = 0; i < 3000; i++) {
    const atMs = i / 3;
    const latencyMs = 1 + 50 * random.next();
    const recorder = recorders[i % processes]!;
    const request: EndedRequest = {
      operation: i % 2,
      key: i,
      user: 0,
      id: String(i),
      segment: 0,
      atMs,
      sentAtMs: atMs,
      endedAtMs: atMs + latencyMs,
      outcome: i % 100 === 0 ? 'reset' : 'ok',
      cacheOutcome: i % 3 === 0 ? 'hit' : null,
      detail: '',
    };
    recorder.mark('during', 500);
    recorder.sent(0, atMs, latencyMs / 10, 1);
    recorder.ended(request);
  }
  return recorders.map((recorder) => ({
    ...recorder.finish(1000, null),
    endedAtMs: 2000,
    cpuShares: [0.2, 0.4],
    connectionsOpened: 3,
    connectionsReplaced: 1,
  }));
}

function percentiles(histograms: readonly HistogramRecord[]): Record<string, (number | string)[]> {
  return Object.fromEntries(
    histograms
      .map((one): [string, (number | string)[]] => {
        const histogram = decodeHistogram(one.hdr);
        return [
          [one.phase, one.operation, one.outcome, one.cacheOutcome, one.clock].join('/'),
          [one.count, histogram.totalCount, ...[50, 99, 100].map((p) => histogram.getValueAtPercentile(p))],
        ];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

test('several processes give the same evidence as one', () => {
  const one = mergeReports(record(1), 1000);
  const three = mergeReports(record(3), 1000);
  expect(percentiles(three.histograms)).toEqual(percentiles(one.histograms));
  // Two entries of the same operation are one in the result.
  expect(new Set(Object.keys(percentiles(one.histograms))).size).toBe(one.histograms.length);
  expect({ ...three.slots, maxInFlight: [] }).toEqual({ ...one.slots, maxInFlight: [] });
  expect(three.slots.maxInFlight[0]).toBe(3);
  expect(mergeEncoded(three.histograms.map((record) => record.hdr)).totalCount).toBe(6000);
  expect(three.generator).toEqual({
    ...one.generator,
    processes: 3,
    connectionsOpened: 9,
    connectionsReplaced: 3,
    cpuShareMean: expect.closeTo(0.3, 9) as number,
  });
  expect(three.generator.cpuShareMax).toBe(0.4);
  expect(three.generator.lagP99Us).toBeGreaterThan(4900);
  expect(three.examples).toHaveLength(12);
  expect(three.examples[0]).toContain('key 0');
});

test('slots of processes that stopped at different times are filled up', () => {
  const [first, second] = record(2);
  const shorter = { ...second!, slots: { ...second!.slots, offered: second!.slots.offered.slice(0, 4) } };
  const merged = mergeReports([first!, { ...shorter, interrupted: true }], 1000);
  expect(merged.slots.offered).toHaveLength(10);
  expect(merged.slots.offered[0]).toBe(300);
  expect(merged.slots.offered[9]).toBe(150);
  expect(merged.interrupted).toBe(true);
});
