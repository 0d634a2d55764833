import { expect, test } from 'vitest';
import { decodeHistogram } from '../kit/histogram.ts';
import { loadSpec, operationOf } from './misbehaving-server.ts';
import { Recorder, type EndedRequest } from './recorder.ts';

const SPEC = loadSpec({
  segments: [
    { name: 'warm-up', durationMs: 1000, fromRatePerSec: 100, toRatePerSec: 100, recorded: false },
    { name: 'main', durationMs: 950, fromRatePerSec: 100, toRatePerSec: 100, recorded: true },
  ],
  operations: [operationOf('read-item', '/a'), operationOf('purchase', '/b', { method: 'POST', recordWrites: true })],
  timeoutMs: 500,
});

function ended(request: Partial<EndedRequest>): EndedRequest {
  return {
    operation: 0,
    key: 5,
    user: 6,
    id: 'x',
    segment: 1,
    atMs: 1000,
    sentAtMs: 1001,
    endedAtMs: 1010,
    outcome: 'ok',
    cacheOutcome: null,
    detail: '',
    ...request,
  };
}

test('slots go by intended arrival from the first recorded segment; warm-up leaves only its writes', () => {
  const recorder = new Recorder(SPEC);
  recorder.sent(0, 900, 3, 1);
  recorder.ended(ended({ segment: 0, atMs: 900, operation: 1, id: 'warm', outcome: 'server-error' }));
  recorder.sent(1, 1000, 1, 2);
  recorder.sent(1, 1099.9, 2, 7);
  recorder.dropped(1, 1100, 7);
  recorder.ended(ended({ endedAtMs: 1450, cacheOutcome: 'stale' }));
  recorder.ended(ended({ atMs: 1099.9, operation: 1, outcome: 'wrong-answer', detail: 'no key' }));
  const report = recorder.finish(50_000, null);

  expect(report.slots.startedAtMs).toBe(51_000);
  expect(report.slots.offered).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(report.slots.sent.slice(0, 2)).toEqual([2, 0]);
  expect(report.slots.dropped.slice(0, 2)).toEqual([0, 1]);
  expect(report.slots.completed.slice(0, 2)).toEqual([2, 0]);
  expect(report.slots.maxInFlight.slice(0, 2)).toEqual([7, 7]);
  expect(Object.keys(report.slots.outcomes)).toEqual(['ok', 'wrong-answer']);
  expect(report.slots.cacheOutcomes).toEqual({ stale: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0] });
  expect(report.writes.map(({ id, sentMs, status }) => ({ id, sentMs, status }))).toEqual([
    { id: 'warm', sentMs: 1, status: 'unknown' },
    { id: 'x', sentMs: 1, status: 'unknown' },
  ]);
  expect(report.examples.map(({ text }) => text)).toEqual([
    '-0.100 s purchase of key 5: server-error',
    '0.100 s purchase of key 5: wrong-answer, no key',
  ]);
  expect(decodeHistogram(report.lagHdr).maxValue).toBe(2000);
  expect(report.interrupted).toBe(false);
});

test('latency from the intended arrival and from the actual send; a timeout at its limit', () => {
  const recorder = new Recorder(SPEC);
  recorder.ended(ended({ atMs: 1000, sentAtMs: 1003, endedAtMs: 1010 }));
  recorder.ended(ended({ atMs: 1000, sentAtMs: 1020, endedAtMs: 1507, outcome: 'timeout' }));
  recorder.ended(ended({ atMs: 1000, sentAtMs: -1, endedAtMs: 1507, outcome: 'timeout' }));
  const { histograms } = recorder.finish(0, null);
  const largest = (outcome: string, clock: string) => {
    const found = histograms.filter((record) => record.outcome === outcome && record.clock === clock);
    expect(found).toHaveLength(1);
    return { count: found[0]!.count, maxUs: decodeHistogram(found[0]!.hdr).maxValue };
  };
  expect(largest('ok', 'intended')).toEqual({ count: 1, maxUs: expect.closeTo(10_000, -2) as number });
  expect(largest('ok', 'service')).toEqual({ count: 1, maxUs: expect.closeTo(7000, -2) as number });
  expect(largest('timeout', 'intended').count).toBe(2);
  expect(largest('timeout', 'intended').maxUs / 500_000).toBeCloseTo(1, 2);
  expect(largest('timeout', 'service')).toEqual({ count: 1, maxUs: expect.closeTo(487_000, -3) as number });
});

test('a mark that comes seconds late still finds its requests, however many there are', () => {
  const recorder = new Recorder(loadSpec());
  // 20,000 requests over 10 s, more than fit without growing; the mark comes 4 s after the strike.
  for (let i = 0; i < 20_000; i++) {
    const atMs = i / 2;
    if (atMs === 7000) recorder.mark('during', 3000);
    recorder.ended(ended({ segment: 0, atMs, sentAtMs: atMs, endedAtMs: atMs + 10 }));
  }
  const { histograms } = recorder.finish(0, null);
  const count = (phase: string) =>
    histograms.find((record) => record.phase === phase && record.clock === 'intended')?.count;
  expect(count('before')).toBe(2 * (3000 - 10));
  expect(count('during')).toBe(20_000 - 2 * (3000 - 10));
});

test('examples are few of each kind; progress counts since the last time', () => {
  const recorder = new Recorder(SPEC);
  for (let i = 0; i < 50; i++) recorder.ended(ended({ outcome: 'reset' }));
  recorder.ended(ended({ outcome: 'refused' }));
  recorder.sent(1, 1000, 0, 1);
  expect(recorder.takeProgress()).toMatchObject({ offered: 1, completed: 51, errors: 51 });
  recorder.ended(ended({}));
  expect(recorder.takeProgress()).toMatchObject({ offered: 0, completed: 1, errors: 51 });
  const { examples } = recorder.finish(0, null);
  expect(examples.filter(({ text }) => text.includes('reset'))).toHaveLength(4);
  expect(examples.filter(({ text }) => text.includes('refused'))).toHaveLength(1);
});

test('a load that was stopped has slots up to the stop', () => {
  const recorder = new Recorder(SPEC);
  recorder.sent(1, 1000, 0, 1);
  const report = recorder.finish(0, 1250);
  expect(report.slots.offered).toEqual([1, 0, 0]);
  expect(report.interrupted).toBe(true);
});

test('where an operation records versions, answers leave key, version, user and times; writes their version', () => {
  const [read, write] = [operationOf('read-item', '/a'), operationOf('write-item', '/b', { recordWrites: true })];
  const recorder = new Recorder({
    ...SPEC,
    operations: [
      { ...read, recordVersions: true },
      { ...write, recordVersions: true },
    ],
  });
  recorder.ended(ended({ segment: 0, atMs: 900, version: 2 })); // warm-up
  recorder.ended(ended({ version: 3 }));
  recorder.ended(ended({ version: -1 })); // told none
  recorder.ended(ended({ version: 4, outcome: 'server-error' }));
  recorder.ended(ended({ operation: 1, version: 5 }));
  const report = recorder.finish(50_000, null);
  expect(report.versionReads).toEqual({ key: [5], version: [3], user: [6], sentMs: [1], endedMs: [10], dropped: 0 });
  expect(report.writes.map(({ version }) => version)).toEqual([5]);
  expect(new Recorder(SPEC).finish(0, null).versionReads).toBeUndefined();
});
