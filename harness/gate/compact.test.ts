/** A run reduced to a trial: quantiles that no bucket rounds, and none that too few requests tell. */
import { expect, test } from 'vitest';
import { TRIAL_QUANTILES } from '../contract/gate.ts';
import type { RunResult } from '../contract/result.ts';
import { encodeHistogram, interpolatedQuantilesUs, mergeEncoded } from '../kit/histogram.ts';
import { createHistogram, recordUs } from '../kit/recording-histogram.ts';
import { compactTrial } from './compact.ts';
import { parseCpuTimes, stolenShare } from './stolen.ts';

function encoded(valuesUs: Iterable<number>): string {
  const histogram = createHistogram();
  for (const us of valuesUs) recordUs(histogram, us);
  const text = encodeHistogram(histogram);
  histogram.destroy();
  return text;
}

/** 1 to n times a step, so that the share q lies at q·n steps. */
const ramp = (n: number, step: number): number[] => Array.from({ length: n }, (_, i) => (i + 1) * step);

function resultOf(histograms: RunResult['histograms']): RunResult {
  return {
    histograms,
    startedAt: '2026-11-21T10:00:00.000Z',
    finishedAt: '2026-11-21T10:00:12.500Z',
    plan: { seed: 9 },
    measures: { run: { 'latency.p50': 1, 'latency.p99': 1, 'db.queries': 12 } },
    validity: {
      valid: false,
      findings: [
        { id: 'lag', ok: false, message: 'late' },
        { id: 'rate', ok: true, message: '' },
      ],
    },
    checks: [
      { id: 'identity', title: '', status: 'fail', message: '' },
      { id: 'sale', title: '', status: 'unknown', message: '' },
    ],
    generator: { lagP99Us: 1500 },
  } as unknown as RunResult;
}

const record = (valuesUs: number[], rest: Partial<RunResult['histograms'][number]> = {}) => ({
  phase: 'before' as const,
  operation: 'read-item' as const,
  outcome: 'ok' as const,
  cacheOutcome: null,
  clock: 'intended' as const,
  count: valuesUs.length,
  hdr: encoded(valuesUs),
  ...rest,
});

const PLACE = { side: 'base', pair: 3, purpose: 'judge', position: 1 } as const;

test('quantiles lie inside their buckets, within a twentieth of a bucket’s width where values are even', () => {
  // Above 2048 µs buckets are wider than a microsecond: 131,072 of them 64 µs wide.
  const merged = mergeEncoded([encoded(ramp(20_000, 7))]);
  const shares = [0.05, 0.5, 0.95, 0.99];
  interpolatedQuantilesUs(merged, shares).forEach((us, i) => {
    expect(Math.abs(us - shares[i]! * 140_000)).toBeLessThan(8);
  });
  expect(interpolatedQuantilesUs(mergeEncoded([encoded([5])]), [0.5])).toEqual([5]);
  expect(interpolatedQuantilesUs(mergeEncoded([]), [0.5])).toEqual([]);
});

test('histograms of all operations and outcomes are one, from the intended send', () => {
  const trial = compactTrial(
    resultOf([
      record(ramp(600, 10)),
      record(ramp(600, 10), { operation: 'write-item', outcome: 'timeout' }),
      record([1_000_000], { clock: 'service' }),
    ]),
    PLACE,
    0.25,
  );
  expect(trial).toMatchObject({
    ...PLACE,
    seed: 9,
    requests: 1200,
    durationMs: 12_500,
    invalid: [],
    timesInvalid: ['late'],
    failedChecks: ['identity'],
    generatorLagP99Ms: 1.5,
    stolenCpuShare: 0.25,
  });
  expect(trial.measures['db.queries']).toBe(12);
  expect(trial.measures['latency.p50']).toBeCloseTo(3, 1);
  expect(trial.latencyMs[TRIAL_QUANTILES.indexOf(0.5)]).toBe(trial.measures['latency.p50']);
  // Twelve requests beyond the p99, one beyond the p99.9.
  expect(trial.measures['latency.p99']).toBeCloseTo(5.94, 1);
  expect(trial.measures['latency.p999']).toBeNull();
  expect(trial.measures['latency.p50.service']).toBeNull();
});

test('arrivals that were dropped make a trial invalid, and are a rate that the service does not carry', () => {
  const dropped = resultOf([record(ramp(600, 10))]);
  dropped.validity = { valid: false, findings: [{ id: 'dropped', ok: false, message: '40 of 640 arrivals dropped' }] };
  expect(compactTrial(dropped, PLACE, null)).toMatchObject({
    invalid: ['40 of 640 arrivals dropped'],
    timesInvalid: [],
    failedChecks: ['identity', 'carries-the-rate'],
  });
});

test('nothing is told where nothing was recorded', () => {
  const trial = compactTrial(resultOf([]), PLACE, null);
  expect(trial.requests).toBe(0);
  expect(trial.latencyMs).toEqual(TRIAL_QUANTILES.map(() => null));
});

test('stolen CPU time is a share of all of it, guests not counted twice', () => {
  const at = (steal: number, user: number) =>
    parseCpuTimes(`cpu  ${user} 0 0 100 0 0 0 ${steal} ${user} 0\ncpu0 1 2 3 4 5 6 7 8 9 10\n`);
  expect(at(10, 50)).toEqual({ stolen: 10, total: 160 });
  expect(stolenShare(at(10, 50), at(30, 110))).toBe(0.25);
  expect(stolenShare(null, at(1, 1))).toBeNull();
  expect(stolenShare(at(1, 1), at(1, 1))).toBeNull();
  expect(parseCpuTimes('nonsense')).toBeNull();
});
