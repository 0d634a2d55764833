import { describe, expect, test } from 'vitest';
import type { Evidence } from '../contract/verdict.ts';
import { buildEvidence, type EvidenceInit, steady, testSeries } from './fixtures/evidence.ts';
import { allMeasures, findMeasure, measureNames } from './measures.ts';
import { phasesOf } from './phases.ts';

function valueOf(evidence: Evidence, name: string, phase = 'run'): number | null {
  const bounds = phasesOf(evidence).find((one) => one.name === phase);
  const measure = findMeasure(name);
  if (!bounds || !measure) throw new Error(`no ${phase} ${name}`);
  return measure.of(evidence, bounds);
}
const valueIn = (init: EvidenceInit, name: string, phase = 'run'): number | null =>
  valueOf(buildEvidence(init), name, phase);

test('ids are unique, aliases too, and none hides the other', () => {
  const names = measureNames();
  expect(new Set(names).size).toBe(names.length);
  for (const [id, measure] of allMeasures()) {
    expect(measure.id).toBe(id);
    expect(findMeasure(id)).toBe(measure);
    for (const alias of measure.aliases ?? []) expect(findMeasure(alias)).toBe(measure);
  }
});

describe('latency', () => {
  // 100 requests of 1, 2, … 100 ms; p50 is the 50th, p99 the 99th.
  const requests = Array.from({ length: 100 }, (_, i) => ({ atMs: i * 100, latencyMs: i + 1 }));

  test('percentiles from the intended send, within the histogram precision', () => {
    expect(valueIn({ requests }, 'p50')).toBeCloseTo(50, 1);
    expect(valueIn({ requests }, 'latency.p90')).toBeCloseTo(90, 0);
    expect(valueIn({ requests }, 'latency.p99')! / 99).toBeCloseTo(1, 2);
    expect(valueIn({ requests }, 'max')! / 100).toBeCloseTo(1, 2);
  });

  test('the service clock is another', () => {
    expect(valueIn({ requests }, 'latency.p50.service')! / 45).toBeCloseTo(1, 2);
    expect(valueIn({ requests }, 'p99.service')! / 89.1).toBeCloseTo(1, 2);
  });

  test('a quantile that needs more requests than there were is unknown', () => {
    expect(valueIn({ requests }, 'p999')).toBeNull();
    expect(valueIn({ requests: requests.slice(1) }, 'p99')).toBeNull();
    expect(valueIn({ requests: requests.slice(1) }, 'p95')).not.toBeNull();
    expect(valueIn({}, 'max')).toBeNull();
  });

  test('all outcomes count: time-outs cannot make a service look fast', () => {
    const slow = steady(0, 10_000, 500, { latencyMs: 5000, outcome: 'timeout' });
    expect(valueIn({ requests: [...requests, ...slow] }, 'p99')! / 5000).toBeCloseTo(1, 2);
  });

  test('phases are kept apart', () => {
    const init: EvidenceInit = {
      faults: [{ atMs: 4000, toMs: 6000 }],
      requests: [
        ...steady(0, 4000, 20, { latencyMs: 2 }),
        ...steady(4000, 6000, 20, { latencyMs: 200 }),
        ...steady(6000, 10_000, 20, { latencyMs: 4 }),
      ],
    };
    expect(valueIn(init, 'p99', 'before')! / 2).toBeCloseTo(1, 2);
    expect(valueIn(init, 'p99', 'during')! / 200).toBeCloseTo(1, 2);
    expect(valueIn(init, 'p99', 'after')! / 4).toBeCloseTo(1, 2);
    // 100 of 500 are slow.
    expect(valueIn(init, 'p50', 'run')! / 4).toBeCloseTo(1, 2);
    expect(valueIn(init, 'p90', 'run')! / 200).toBeCloseTo(1, 2);
  });
});

describe('rates', () => {
  const init: EvidenceInit = {
    faults: [{ atMs: 4000, toMs: 6000 }],
    requests: [
      ...steady(0, 4000, 20, { latencyMs: 2, cacheOutcome: 'hit' }), // 200
      ...steady(4000, 5000, 20, { latencyMs: 9, outcome: 'server-error', cacheOutcome: 'bypass' }), // 50
      ...steady(5000, 6000, 40, { latencyMs: 9, outcome: 'shed', cacheOutcome: 'shed' }), // 25
      ...steady(6000, 10_000, 40, { latencyMs: 2, cacheOutcome: 'stale' }), // 100
    ],
  };

  test('offered and achieved per second, by phase', () => {
    expect(valueIn(init, 'rate.offered')).toBeCloseTo(37.5, 9);
    expect(valueIn(init, 'rate.achieved', 'before')).toBeCloseTo(50, 9);
    expect(valueIn(init, 'rate.offered', 'during')).toBeCloseTo(37.5, 9);
    const evidence = buildEvidence(init);
    evidence.load.slots.sent[0] = 0;
    expect(valueOf(evidence, 'rate.achieved')).toBeCloseTo(37, 9);
  });

  test('a slot on the edge of a phase counts with its share', () => {
    const evidence = buildEvidence({ ...init, faults: [{ atMs: 4050, toMs: 6000 }] });
    // 40 slots of 5 requests and half of another.
    expect(valueOf(evidence, 'rate.offered', 'before')! * 4.05).toBeCloseTo(202.5, 9);
  });

  test('errors and shed requests in percent of all requests, apart', () => {
    expect(valueIn(init, 'errors')).toBeCloseTo((100 * 50) / 375, 9);
    expect(valueIn(init, 'errors', 'during')).toBeCloseTo((100 * 50) / 75, 9);
    expect(valueIn(init, 'errors', 'before')).toBe(0);
    expect(valueIn(init, 'shed')).toBeCloseTo((100 * 25) / 375, 9);
    expect(valueIn({}, 'errors')).toBeNull();
  });

  test('hits are hits and stale values; reads of what does not exist are in neither figure', () => {
    // 300 of 375.
    expect(valueIn(init, 'hitRatio')).toBeCloseTo(80, 9);
    expect(valueIn(init, 'cache.staleShare')).toBeCloseTo((100 * 100) / 375, 9);
    const absent = steady(0, 1000, 100, { latencyMs: 1, cacheOutcome: 'absent' });
    expect(valueIn({ ...init, requests: [...init.requests!, ...absent] }, 'hitRatio')).toBeCloseTo(80, 9);
    expect(valueIn({ requests: steady(0, 1000, 10, { latencyMs: 1 }) }, 'hitRatio')).toBeNull();
  });

  test('wrong answers are counted', () => {
    const requests = steady(0, 1000, 250, { latencyMs: 1, outcome: 'wrong-answer' });
    expect(valueIn({ requests }, 'wrong.answers')).toBe(4);
  });
});

describe('database', () => {
  test('queries over a phase are the mean rate times the time, over the run the probe total', () => {
    const init: EvidenceInit = {
      requests: steady(0, 10_000, 100, { latencyMs: 1 }),
      faults: [{ atMs: 4000, toMs: 6000 }],
      series: [testSeries('db.queriesPerSec', [2000, 4000, 6000, 8000, 10_000], [10, 20, 100, null, 30])],
    };
    expect(valueIn(init, 'db.queries', 'before')).toBe(60);
    expect(valueIn(init, 'db.queries', 'during')).toBe(200);
    // The lost sample is taken to be like the others.
    expect(valueIn(init, 'db.queries', 'after')).toBe(120);
    expect(valueIn(init, 'db.queries')).toBe(400);
    expect(valueIn({ ...init, totals: { 'db.totalQueries': 350 } }, 'db.queries')).toBe(350);
    expect(valueIn({ ...init, totals: { 'db.totalQueries': 350 } }, 'queriesPerRequest')).toBeCloseTo(3.5, 9);
  });

  test('the peak rate is that of any 100 ms', () => {
    const loads = [0, 30, 60, 99, 130, 900].map((atMs) => ({ atMs: 1000 + atMs, toMs: 1100 + atMs }));
    expect(valueIn({ loads }, 'db.loads')).toBe(6);
    // 30, 60, 99 and 129.
    expect(valueIn({ loads }, 'db.peakRate')).toBe(40);
  });

  test('without load events the peak is the highest sample', () => {
    const series = [testSeries('db.queriesPerSec', [50, 100], [12, 7])];
    expect(valueIn({ series }, 'db.peakRate')).toBe(12);
    expect(valueIn({ series }, 'db.loads')).toBeNull();
    expect(valueIn({}, 'db.peakRate')).toBeNull();
  });

  test('most loads under way at once, in all and of one key; a load across the edge of a phase is in both', () => {
    const init: EvidenceInit = {
      faults: [{ atMs: 4000, toMs: 6000 }],
      loads: [
        { key: 'product:1', atMs: 1000, toMs: 1100 },
        { key: 'product:1', atMs: 1050, toMs: 1200 },
        { key: 'product:2', atMs: 1060, toMs: 1070 },
        // Starts as another ends: not at once.
        { key: 'product:1', atMs: 1100, toMs: 1150 },
        { key: 'product:3', atMs: 3900, toMs: 4100 },
        { key: 'product:4', atMs: 4050, toMs: 4060 },
      ],
    };
    expect(valueIn(init, 'db.peakConcurrent')).toBe(3);
    expect(valueIn(init, 'db.peakConcurrentPerKey')).toBe(2);
    expect(valueIn(init, 'db.peakConcurrent', 'during')).toBe(2);
    expect(valueIn(init, 'db.peakConcurrentPerKey', 'during')).toBe(1);
    expect(valueIn(init, 'db.peakConcurrent', 'after')).toBe(0);
    expect(valueIn({}, 'db.peakConcurrent')).toBeNull();
  });

  test('loads whose value was not stored are wasted; failed ones are not among them', () => {
    const loads = [
      { atMs: 1000, toMs: 1050 },
      { atMs: 1010, toMs: 1060, filled: false },
      { atMs: 1020, toMs: 1070, filled: false, ok: false },
    ];
    expect(valueIn({ loads }, 'db.wastedLoads')).toBe(1);
    expect(valueIn({}, 'db.wastedLoads')).toBeNull();
  });

  test('time in queries is a share of one connection', () => {
    expect(valueIn({ totals: { 'db.totalExecMs': 2500 } }, 'db.timeShare')).toBeCloseTo(25, 9);
  });

  test('most active backends, by phase', () => {
    const init: EvidenceInit = {
      faults: [{ atMs: 4000, toMs: 6000 }],
      series: [testSeries('db.active', [1000, 4500, 9000], [3, 40, 5])],
    };
    expect(valueIn(init, 'db.peakActive')).toBe(40);
    expect(valueIn(init, 'db.peakActive', 'before')).toBe(3);
    expect(valueIn(init, 'db.peakActive', 'after')).toBe(5);
  });

  test('the prediction stands beside what was measured', () => {
    const prediction = { loadsPerExpiry: 2.7, ratePerSec: 285, recomputeSec: 0.1, by: 'xfetch' };
    const loads = [1000, 2000].map((atMs) => ({ atMs, toMs: atMs + 50 }));
    expect(valueIn({ loads, plan: { prediction } }, 'db.loadsPerExpiry')).toBe(1);
    expect(valueIn({ loads, plan: { prediction } }, 'db.loadsPerExpiryPredicted')).toBe(2.7);
  });
});

test('who waited for another load, and how long readers were blocked by loads in all', () => {
  const requests = [
    ...steady(0, 8000, 100, { latencyMs: 1, cacheOutcome: 'hit' }), // 80
    ...steady(8000, 9900, 100, { latencyMs: 100, cacheOutcome: 'waited' }), // 19, 90 ms from the send
    ...steady(9900, 10_000, 100, { latencyMs: 200, cacheOutcome: 'miss' }), // 1, 180 ms
  ];
  expect(valueIn({ requests }, 'cache.waitedShare')).toBeCloseTo(19, 9);
  expect(valueIn({ requests }, 'cache.waiterCost')! / (19 * 0.09 + 0.18)).toBeCloseTo(1, 2);
  expect(valueIn({ requests: requests.slice(0, 80) }, 'cache.waiterCost')).toBe(0);
  expect(valueIn({ requests: steady(0, 1000, 10, { latencyMs: 1 }) }, 'cache.waiterCost')).toBeNull();
});

test('Redis operations and bytes per request, memory, evictions', () => {
  const init: EvidenceInit = {
    requests: steady(0, 10_000, 100, { latencyMs: 1 }),
    series: [testSeries('redis.memoryBytes', [250, 500], [1_000_000, 1_200_000])],
    totals: { 'redis.totalCommands': 205, 'redis.totalBytes': 40_000, 'redis.evictions': 3 },
  };
  expect(valueIn(init, 'redis.opsPerRequest')).toBeCloseTo(2.05, 9);
  expect(valueIn(init, 'redis.bytesPerRequest')).toBeCloseTo(400, 9);
  expect(valueIn(init, 'redis.memory')).toBe(1_200_000);
  expect(valueIn(init, 'redis.evictions')).toBe(3);
});

test('what reaches the service, as it counts itself', () => {
  const init: EvidenceInit = {
    requests: steady(0, 10_000, 100, { latencyMs: 1 }),
    totals: { 'service.requests': 20, 'service.bodyBytes': 5000, 'service.notModified': 12 },
  };
  expect(valueIn(init, 'edge.originRequestsPerRequest')).toBeCloseTo(0.2, 9);
  expect(valueIn(init, 'edge.bytesPerRequest')).toBeCloseTo(50, 9);
  expect(valueIn(init, 'edge.notModified')).toBe(12);
  // A service that does not tell.
  expect(valueIn({ requests: init.requests! }, 'edge.originRequestsPerRequest')).toBeNull();
});

test('a sale in figures', () => {
  const order = (orderId: string, quantity = 1) => ({ orderId, product: 0, user: 1, quantity });
  const init: EvidenceInit = {
    writes: [
      { id: 'a', status: 'acknowledged' },
      { id: 'b', status: 'acknowledged' },
    ],
    reconciliation: {
      products: [{ product: 0, initialStock: 3, remainingStock: 0 }],
      orders: [order('a', 2), order('a', 2)],
      pending: 0,
    },
  };
  expect(valueIn(init, 'sold')).toBe(4);
  expect(valueIn(init, 'oversell')).toBe(1);
  expect(valueIn(init, 'stock.lost')).toBe(1);
  expect(valueIn(init, 'stock.duplicated')).toBe(1);
  expect(valueIn({}, 'sold')).toBeNull();
});

test('generator and event loop', () => {
  const init: EvidenceInit = {
    requests: steady(0, 10_000, 100, { latencyMs: 1 }),
    series: [testSeries('service.eventLoopDelayP99Ms', [250, 500], [2, 11])],
  };
  const evidence = buildEvidence(init);
  evidence.load.slots.dropped[3] = 7;
  expect(valueOf(evidence, 'generator.lagP99')).toBeCloseTo(0.3, 12);
  expect(valueOf(evidence, 'dropped')).toBe(7);
  expect(valueOf(evidence, 'service.eventLoopDelayP99')).toBe(11);
});
