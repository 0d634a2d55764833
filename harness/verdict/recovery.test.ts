import { expect, test } from 'vitest';
import {
  buildEvidence,
  type EvidenceInit,
  START_MS,
  steady,
  type TestRequest,
  testSeries,
} from './fixtures/evidence.ts';
import { recoveryOf } from './recovery.ts';

const FAULT = { atMs: 10_000, toMs: 14_000 };
const ok = (fromMs: number, toMs: number): TestRequest[] => steady(fromMs, toMs, 10, { latencyMs: 2 });

function recover(init: EvidenceInit) {
  return recoveryOf(buildEvidence({ durationMs: 30_000, faults: [FAULT], ...init }))[0]!;
}

test('latency that comes back 3 s after the fault', () => {
  const slow = steady(10_000, 17_000, 10, { latencyMs: 400 });
  const recovery = recover({ requests: [...ok(0, 10_000), ...slow, ...ok(17_000, 30_000)] });
  expect(recovery.status).toBe('recovered');
  // Windows are 1 s here and hold 100 requests: with the one slot before 17 s inside, 10 of 100 would be slow.
  expect(recovery.recoverySec).toBe(3);
  expect(recovery.recoveredAtMs).toBe(START_MS + 17_000);
});

test('errors that last longer than latency count too', () => {
  const failing = steady(10_000, 18_000, 10, { latencyMs: 2, outcome: 'server-error' });
  const recovery = recover({ requests: [...ok(0, 10_000), ...failing, ...ok(18_000, 30_000)] });
  expect(recovery).toMatchObject({ status: 'recovered', recoverySec: 4 });
});

test('a service that sheds has not recovered', () => {
  const shedding = steady(10_000, 30_000, 10, { latencyMs: 2, outcome: 'shed' });
  expect(recover({ requests: [...ok(0, 10_000), ...shedding] }).status).toBe('never');
});

test('a database that stays busy has not recovered, though clients see nothing of it', () => {
  const requests = ok(0, 30_000);
  const quiet = Array.from({ length: 20 }, (_, i) => ({ atMs: i * 1000 + 500, toMs: i * 1000 + 550 }));
  // 50 loads a second until 20 s; the limit is 1 + 10 per window of 1 s.
  const busy = Array.from({ length: 500 }, (_, i) => ({ atMs: 10_000 + i * 20, toMs: 10_050 + i * 20 }));
  const recovery = recover({ requests, loads: [...quiet, ...busy] });
  expect(recovery.status).toBe('recovered');
  // Windows from 19.8 s on hold at most 10 busy loads and the quiet one.
  expect(recovery.recoverySec).toBeCloseTo(5.8, 9);
});

test('the queries of a probe are judged where no load is told', () => {
  const tMs = Array.from({ length: 120 }, (_, i) => (i + 1) * 250);
  const values = tMs.map((at) => (at > 10_000 && at <= 16_000 ? 300 : 40));
  const recovery = recover({ requests: ok(0, 30_000), series: [testSeries('db.queriesPerSec', tMs, values)] });
  expect(recovery.status).toBe('recovered');
  // 60 queries per window are allowed: of 1 s, (60 − 40) / 260 s may still be busy. 15.923 s is in the slot of 16.0 s.
  expect(recovery.recoverySec).toBeCloseTo(2, 9);
});

test('never: slow to the end, and that is Infinity for thresholds', () => {
  const slow = steady(10_000, 30_000, 10, { latencyMs: 400 });
  expect(recover({ requests: [...ok(0, 10_000), ...slow] })).toEqual({
    fault: 'redis-down',
    recoveredAtMs: null,
    recoverySec: null,
    status: 'never',
  });
});

test('unaffected: nothing left the band, even during the fault', () => {
  expect(recover({ requests: ok(0, 30_000) })).toMatchObject({ status: 'unaffected', recoverySec: 0 });
});

test('recovered at once: bad during the fault only', () => {
  const slow = steady(10_000, 14_000, 10, { latencyMs: 400 });
  const recovery = recover({ requests: [...ok(0, 10_000), ...slow, ...ok(14_000, 30_000)] });
  expect(recovery).toMatchObject({ status: 'recovered', recoverySec: 0 });
});

test('spikes at expiries that were there before are normal afterwards', () => {
  // Each 2 s the key expires and 20 of 200 requests take 80 ms.
  const spiky = (fromMs: number, toMs: number): TestRequest[] =>
    steady(fromMs, toMs, 10, { latencyMs: 2 }).map((one) => (one.atMs % 2000 < 200 ? { ...one, latencyMs: 80 } : one));
  const slow = steady(10_000, 15_000, 10, { latencyMs: 400 });
  const recovery = recover({
    requests: [...spiky(0, 10_000), ...slow, ...spiky(15_000, 30_000)],
    plan: { ttlMs: 2000 },
  });
  expect(recovery).toMatchObject({ status: 'recovered', recoverySec: 1 });
});

test('a short lull is no recovery', () => {
  // Calm for 1.1 s after the fault: two windows of 1 s, not three.
  const requests = [
    ...ok(0, 10_000),
    ...steady(10_000, 14_000, 10, { latencyMs: 400 }),
    ...ok(14_000, 15_100),
    ...steady(15_100, 20_000, 10, { latencyMs: 400 }),
    ...ok(20_000, 30_000),
  ];
  expect(recover({ requests })).toMatchObject({ status: 'recovered', recoverySec: 6 });
});

test('silence is no recovery', () => {
  expect(recover({ requests: ok(0, 14_000) }).status).toBe('never');
});

test.each([
  ['too little time before', { faults: [{ atMs: 2500, toMs: 4000 }] }],
  ['too little time after', { faults: [{ atMs: 10_000, toMs: 27_500 }] }],
  ['a fault that was not confirmed', { faults: [{ ...FAULT, active: false }] }],
  ['a fault that failed', { faults: [{ ...FAULT, error: 'proxy gone' }] }],
] as [string, EvidenceInit][])('unknown: %s', (_, init) => {
  const requests = [...ok(0, 10_000), ...steady(10_000, 30_000, 10, { latencyMs: 400 })];
  expect(recover({ requests, ...init })).toMatchObject({ status: 'unknown', recoverySec: null });
});

test('less than 5 s of watching is too little for never, but enough for recovered', () => {
  const faults = [{ atMs: 10_000, toMs: 26_000 }];
  const slow = steady(10_000, 30_000, 10, { latencyMs: 400 });
  expect(recover({ faults, requests: [...ok(0, 10_000), ...slow] }).status).toBe('unknown');
  const back = [...slow.filter((one) => one.atMs < 27_000), ...ok(27_000, 30_000)];
  expect(recover({ faults, requests: [...ok(0, 10_000), ...back] })).toMatchObject({
    status: 'recovered',
    recoverySec: 1,
  });
});

test('each fault is watched until the next one begins', () => {
  const evidence = buildEvidence({
    durationMs: 40_000,
    faults: [
      { fault: 'redis-down', atMs: 10_000, toMs: 12_000 },
      { fault: 'redis-flush', atMs: 20_000, toMs: 20_010 },
    ],
    requests: [
      ...ok(0, 10_000),
      ...steady(10_000, 13_000, 10, { latencyMs: 400 }),
      ...ok(13_000, 20_000),
      ...steady(20_000, 40_000, 10, { latencyMs: 400 }),
    ],
  });
  expect(recoveryOf(evidence).map(({ fault, status, recoverySec }) => [fault, status, recoverySec])).toEqual([
    ['redis-down', 'recovered', 1],
    ['redis-flush', 'never', null],
  ]);
});
