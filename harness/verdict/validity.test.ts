import { describe, expect, test } from 'vitest';
import { seededRandom } from '../kit/random.ts';
import type { Evidence } from '../contract/verdict.ts';
import { buildEvidence, type EvidenceInit, steady, testProbe, testSeries } from './fixtures/evidence.ts';
import { judgeValidity } from './validity.ts';

const requests = steady(0, 10_000, 10, { latencyMs: 2 });

function bad(evidence: Evidence): string[] {
  const { valid, findings } = judgeValidity(evidence);
  const messages = findings.filter((finding) => !finding.ok).map(({ id, message }) => `${id}: ${message}`);
  expect(valid).toBe(messages.length === 0);
  return messages;
}

test('a sound run has findings too, all of them good', () => {
  const { valid, findings } = judgeValidity(buildEvidence({ requests, faults: [{ atMs: 4000, toMs: 6000 }] }));
  expect(valid).toBe(true);
  expect(findings.map(({ message }) => message)).toEqual([
    '0 of 1000 arrivals dropped (0 %)',
    'offered 100/s, achieved 100/s',
    'scheduling lag p99 0.3 ms',
    'generator CPU at most 40 % of a core',
    'redis-down confirmed active: 4 connections cut',
  ]);
});

test('dropped arrivals, with the cap that caused them', () => {
  const evidence = buildEvidence({ requests });
  evidence.load.slots.dropped[50] = 2;
  evidence.load.slots.maxInFlight[50] = 1000;
  expect(bad(evidence)).toEqual([
    'dropped: 2 of 1000 arrivals dropped (0.2 %) at the cap of 1000 requests in flight, limit 0.1 %',
  ]);
  evidence.load.slots.dropped[50] = 1;
  expect(bad(evidence)).toEqual([]);
});

test('a run without any request is invalid', () => {
  expect(bad(buildEvidence({}))).toEqual(['dropped: no request was offered']);
});

describe('rate', () => {
  test('fewer sent than offered in one phase only', () => {
    const evidence = buildEvidence({ requests, faults: [{ atMs: 4000, toMs: 6000 }] });
    for (let slot = 40; slot < 50; slot++) evidence.load.slots.sent[slot] = 9;
    // 10 of 1,000 are at the limit, 10 of 200 are beyond it.
    expect(bad(evidence)).toEqual(['rate: 190 of 200 offered requests were sent during the fault, 5 % off, limit 1 %']);
  });

  test('fewer offered than planned', () => {
    const plan = buildEvidence({ requests }).plan;
    const slower = requests.filter((_, i) => i % 20 !== 0);
    expect(bad(buildEvidence({ requests: slower, plan: { load: plan.load } }))).toEqual([
      'rate: 950 requests were offered over the run where the plan asks for 1000, ' +
        'more than 1 % off and more than chance explains',
    ]);
  });

  test('each segment is held against its own rate, ramps integrated', () => {
    const { load } = buildEvidence({ requests }).plan;
    const segments = [
      { name: 'warm-up', durationMs: 5000, fromRatePerSec: 999, toRatePerSec: 999, recorded: false },
      { name: 'ramp', durationMs: 5000, fromRatePerSec: 100, toRatePerSec: 300, recorded: true },
      { name: 'calm', durationMs: 5000, fromRatePerSec: 100, toRatePerSec: 100, recorded: true },
    ];
    // 1,000 in the ramp, 500 afterwards. Time from the integral: 20 t² + 100 t = i.
    const ramp = Array.from({ length: 1000 }, (_, i) => ({
      atMs: (1000 * (Math.sqrt(10_000 + 80 * i) - 100)) / 40,
      latencyMs: 1,
    }));
    const calm = steady(5000, 10_000, 10, { latencyMs: 1 });
    const plan = { load: { ...load, segments } };
    expect(bad(buildEvidence({ requests: [...ramp, ...calm], plan }))).toEqual([]);
    // The same number of requests at the wrong time.
    const flat = [...steady(0, 5000, 20 / 3, { latencyMs: 1 }), ...steady(5000, 10_000, 20 / 3, { latencyMs: 1 })];
    expect(bad(buildEvidence({ requests: flat, plan })).map((text) => text.slice(0, 60))).toEqual([
      "rate: 750 requests were offered in segment 'ramp' where the ",
      "rate: 750 requests were offered in segment 'calm' where the ",
    ]);
  });

  test('what chance explains of Poisson arrivals is valid, over a hundred seeds', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = seededRandom(seed, 'arrivals');
      const arrivals = [];
      for (let atMs = 0; ;) {
        atMs += -Math.log(1 - random.next()) * 10;
        if (atMs >= 10_000) break;
        arrivals.push({ atMs, latencyMs: 1 });
      }
      const { load } = buildEvidence({ requests }).plan;
      const plan = { load: { ...load, arrivals: 'poisson' as const } };
      expect(bad(buildEvidence({ requests: arrivals, plan, faults: [{ atMs: 4000, toMs: 5050 }] }))).toEqual([]);
    }
  });

  test('a closed loop has no rate to miss', () => {
    const { load } = buildEvidence({ requests }).plan;
    const plan = { load: { ...load, engine: 'saturation' as const } };
    expect(bad(buildEvidence({ requests: requests.slice(500), plan }))).toEqual([]);
  });
});

test('scheduling lag and generator CPU', () => {
  const evidence = buildEvidence({ requests });
  evidence.load.generator.lagP99Us = 7100;
  evidence.load.generator.cpuShareMax = 0.99;
  expect(bad(evidence)).toEqual([
    'lag: scheduling lag p99 7.1 ms, limit 5 ms',
    'generator-cpu: generator CPU at most 99 % of a core, limit 95 %',
  ]);
});

test.each([
  [
    [{ atMs: 4000, toMs: 6000, active: false }],
    'fault:redis-down: redis-down was never confirmed active: nothing was refused',
  ],
  [[{ atMs: 4000, toMs: 6000, error: 'the proxy is gone' }], 'fault:redis-down: redis-down failed: the proxy is gone'],
] as [EvidenceInit['faults'] & object, string][])('a fault that did not act: %#', (faults, message) => {
  expect(bad(buildEvidence({ requests, faults }))).toEqual([message]);
});

test('a fault that left no trace', () => {
  const evidence = buildEvidence({ requests, faults: [{ atMs: 4000, toMs: 6000 }] });
  evidence.faults = [];
  expect(bad(evidence)).toEqual(['fault:missing: 1 planned faults left no trace in the evidence']);
});

describe('probes', () => {
  const tMs = Array.from({ length: 40 }, (_, i) => (i + 1) * 250);
  const withProbe = (
    times: number[],
    init: Parameters<typeof testProbe>[0] = {},
    faults: EvidenceInit['faults'] = [],
  ) => {
    const evidence = buildEvidence({ requests, faults });
    const series = [
      testSeries(
        'db.active',
        times,
        times.map(() => 1),
      ),
    ];
    evidence.probes = [testProbe({ series, samples: times.length, ...init })];
    return bad(evidence);
  };

  test('a few lost samples are told and hide nothing', () => {
    expect(
      withProbe(
        tMs.filter((_, i) => i % 10 !== 0),
        { lostSamples: 4 },
      ),
    ).toEqual([]);
  });

  test('one that saw nothing for longer than four periods', () => {
    expect(
      withProbe(
        tMs.filter((at) => at <= 3000 || at > 4500),
        { lostSamples: 6 },
      ),
    ).toEqual(['probe:test: probe test saw nothing for 1.75 s, limit 1 s']);
  });

  test('one that ended too soon', () => {
    expect(withProbe(tMs.filter((at) => at <= 8000))).toEqual([
      'probe:test: probe test saw nothing for 2 s, limit 1 s',
    ]);
  });

  test('what a fault made unreadable is no fault of the probe', () => {
    expect(
      withProbe(
        tMs.filter((at) => at <= 3000 || at > 4500),
        { lostSamples: 6 },
        [{ atMs: 3100, toMs: 4400 }],
      ),
    ).toEqual([]);
  });

  test('one that lost most, took none, or failed', () => {
    expect(withProbe(tMs, { lostSamples: 41 })).toEqual(['probe:test: probe test lost 41 of 81 samples']);
    expect(withProbe([], { samples: 0 })).toEqual(['probe:test: probe test took no sample']);
    expect(withProbe(tMs, { error: 'connection refused' })).toEqual([
      'probe:test: probe test failed: connection refused',
    ]);
  });

  test('loads that were counted and not told', () => {
    const evidence = buildEvidence({ requests, totals: { 'service.totalLoads': 1000 } });
    evidence.loads = buildEvidence({
      loads: steady(0, 10_000, 20, { latencyMs: 0 }).map(({ atMs }) => ({ atMs, toMs: atMs + 1 })),
    }).loads;
    expect(bad(evidence)).toEqual(['loads: 500 of 1000 loads were counted but not told']);
  });
});

test('an interrupted run is invalid, and its rate is not held against it', () => {
  expect(bad(buildEvidence({ requests: requests.slice(0, 500), interrupted: true }))).toEqual([
    'interrupted: the run was interrupted before its plan ended',
  ]);
});
