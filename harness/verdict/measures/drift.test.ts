import { expect, test } from 'vitest';
import type { Evidence } from '../../contract/verdict.ts';
import { buildEvidence, steady, type TestRequest, testSeries } from '../fixtures/evidence.ts';
import drift from './drift.ts';

const DURATION_MS = 60_000;
const RUN = { name: 'run' as const, fromMs: 0, toMs: DURATION_MS };
const TIMES = Array.from({ length: 240 }, (_, i) => i * 250);

function valueOf(id: string, evidence: Evidence, phase: Parameters<(typeof drift)[number]['of']>[1] = RUN) {
  return drift.find((measure) => measure.id === `drift.${id}`)!.of(evidence, phase);
}

function evidenceOf(rss: (atMs: number) => number | null, requests: TestRequest[] = []): Evidence {
  return buildEvidence({
    durationMs: DURATION_MS,
    requests,
    series: [
      testSeries('service.rssBytes', TIMES, TIMES.map(rss)),
      testSeries(
        'db.connections',
        TIMES,
        TIMES.map(() => 20),
      ),
    ],
    plan: { study: { kind: 'drift', settleShare: 0.2 } },
  });
}

test('a leak of a kilobyte a second is 3.6 MB an hour; a jump while settling and lost samples do not count', () => {
  const evidence = evidenceOf((atMs) => (atMs < 12_000 ? 5e8 : atMs % 1000 === 0 ? null : 1e8 + atMs));
  expect(valueOf('serviceMemory', evidence)).toBeCloseTo(3.6e6, 3);
  expect(valueOf('databaseConnections', evidence)).toBeCloseTo(0, 9);
});

test('a p99 that creeps up is seen, a steady one is not', () => {
  const creeping = Array.from({ length: 60 }, (_, s) =>
    steady(s * 1000, (s + 1) * 1000, 10, { latencyMs: 5 + s }),
  ).flat();
  const grown = valueOf(
    'p99',
    evidenceOf(() => 1, creeping),
  )!;
  // A millisecond a second; buckets of 58 % width let the line be no better than this.
  expect(grown / 3600).toBeGreaterThan(0.7);
  expect(grown / 3600).toBeLessThan(1.4);
  expect(
    valueOf(
      'p99',
      evidenceOf(() => 1, steady(0, DURATION_MS, 10, { latencyMs: 5 })),
    ),
  ).toBeCloseTo(0, 6);
});

test('unknown for what was not sampled, in parts of a run, and where the profile does not study it', () => {
  const evidence = evidenceOf((atMs) => atMs);
  expect(valueOf('redisMemory', evidence)).toBeNull();
  expect(valueOf('serviceMemory', evidence, { ...RUN, name: 'before' })).toBeNull();
  expect(valueOf('serviceMemory', buildEvidence({ series: evidence.probes[0]!.series }))).toBeNull();
});
