import { describe, expect, test } from 'vitest';
import type { RunPlan } from '../contract/plan.ts';
import type { RunResult } from '../contract/result.ts';
import { judgeComparison } from './compare.ts';
import { buildEvidence, steady } from './fixtures/evidence.ts';
import { judge } from './judge.ts';

interface Init {
  defence: string;
  measures?: Record<string, Record<string, number | null>>;
  verdict?: RunResult['verdict'];
  valid?: boolean;
  partial?: boolean;
  plan?: Partial<RunPlan>;
  environment?: Partial<RunResult['environment']>;
}

const PASS = { status: 'pass', sentence: 'fine', explanation: '' } as const;

/** A real judgement with the figures of the test put in. */
function runOf(init: Init): RunResult {
  const evidence = buildEvidence({
    requests: steady(0, 10_000, 10, { latencyMs: 2 }),
    plan: { defence: init.defence, label: init.defence, ...init.plan },
  });
  return {
    ...judge(evidence, new Map()),
    kind: 'run',
    schemaVersion: 1,
    cachequakeVersion: '0.1.0',
    runId: init.defence,
    command: '',
    startedAt: '',
    finishedAt: '',
    partial: init.partial ?? false,
    plan: evidence.plan,
    environment: {
      id: 'local',
      versions: { redis: '7.0.15', postgres: '18.1' },
      toxiproxy: 'embedded',
      notes: [],
      machine: { platform: 'linux', cores: 2, cpuModel: 'Test CPU', memoryBytes: 1, fingerprint: 'f1' },
      ...init.environment,
    },
    measuredFromMs: evidence.measuredFromMs,
    histograms: [],
    slots: evidence.load.slots,
    generator: evidence.load.generator,
    series: [],
    statements: [],
    probes: [],
    faults: [],
    measures: init.measures ?? { run: {} },
    validity: { valid: init.valid ?? true, findings: [] },
    verdict: init.verdict ?? PASS,
    examples: [],
    probeCostCpuShare: null,
  };
}

function figures(
  loadsPerExpiry: number | null,
  peakRate: number | null,
  p99: number | null,
): Init['measures'] & object {
  return { run: { 'db.loadsPerExpiry': loadsPerExpiry, 'db.peakRate': peakRate, 'latency.p99': p99 } };
}

describe('who was best at what', () => {
  test('each measure has its own best, and there is no blended score', () => {
    const { verdict } = judgeComparison([
      runOf({ defence: 'cache-aside', measures: figures(26.1, 260, 98) }),
      runOf({ defence: 'lock-wait', measures: figures(1, 10, 104) }),
      runOf({ defence: 'xfetch', measures: figures(2.72, 20, 3.14) }),
    ]);
    expect(verdict).toEqual({
      status: 'pass',
      sentence:
        'lock-wait has the fewest loads per expiry (1) and the lowest peak database rate (10/s); ' +
        'xfetch has the lowest p99 (3.1 ms)',
      explanation: expect.stringMatching(/^One run of each: /),
    });
  });

  test('counts within 2 % and times within 10 % are called equal', () => {
    const { verdict } = judgeComparison([
      runOf({ defence: 'a', measures: figures(1, 10, 100) }),
      runOf({ defence: 'b', measures: figures(1.02, 10.3, 110) }),
      runOf({ defence: 'c', measures: figures(4, 40, 111) }),
    ]);
    expect(verdict.sentence).toBe(
      'a and b have the fewest loads per expiry (1) and the lowest p99 (100 ms); a has the lowest peak database rate (10/s)',
    );
  });

  test('where all are alike nobody is best', () => {
    const { verdict } = judgeComparison([
      runOf({ defence: 'a', measures: figures(1, null, 100) }),
      runOf({ defence: 'b', measures: figures(1, 10, 105) }),
    ]);
    expect(verdict.sentence).toBe('a and b cannot be told apart');
  });

  test('under a fault the figures are those during it', () => {
    const under = (defence: string, p99: number, recovery: number | null): RunResult =>
      runOf({
        defence,
        measures: { run: { 'latency.p99': 9, 'recovery.time': recovery }, during: { 'latency.p99': p99 } },
      });
    expect(judgeComparison([under('a', 900, 0.4), under('b', 300, 3.2)]).verdict.sentence).toBe(
      'b has the lowest p99 during the fault (300 ms); a has the quickest recovery (0.4 s)',
    );
    // One that never came back is not ranked, and one alone is not the quickest.
    expect(judgeComparison([under('a', 900, 0.4), under('b', 300, null)]).verdict.sentence).toBe(
      'b has the lowest p99 during the fault (300 ms)',
    );
  });

  test('few repeats are ranked by their median, and only where they agree', () => {
    const of = (defence: string, ...p99: number[]): RunResult[] =>
      p99.map((value) => runOf({ defence, measures: figures(null, null, value) }));
    const { verdict } = judgeComparison([...of('a', 10, 22, 12), ...of('b', 30, 31, 32)]);
    expect(verdict.sentence).toBe('a has the lowest p99 (12 ms)');
    expect(verdict.explanation).toBe(
      'Medians of at least 3 runs each. ' +
        '3 repeats can tell no difference from chance, however large: 6 would be needed.',
    );
    expect(judgeComparison([...of('a', 10, 90, 12), ...of('b', 30, 31, 32)]).verdict.sentence).toBe(
      'a and b cannot be told apart',
    );
  });

  test('profiles are ranked apart', () => {
    const profile = (id: string) => ({ profile: { id, title: id, prose: '', parameters: {} } });
    const { verdict } = judgeComparison([
      runOf({ defence: 'a', measures: figures(1, null, null), plan: profile('hot-key') }),
      runOf({ defence: 'b', measures: figures(2, null, null), plan: profile('hot-key') }),
      runOf({ defence: 'a', measures: figures(3, null, null), plan: profile('mass-expiry') }),
      runOf({ defence: 'b', measures: figures(2, null, null), plan: profile('mass-expiry') }),
    ]);
    expect(verdict.sentence).toBe(
      'hot-key: a has the fewest loads per expiry (1). mass-expiry: b has the fewest loads per expiry (2)',
    );
  });

  test('stock strategies are named where they are what differs', () => {
    const sale = (id: string, oversold: number): RunResult =>
      runOf({
        defence: 'cache-aside',
        plan: { stock: { id, parameters: {}, file: null } },
        measures: { run: { 'stock.oversold': oversold } },
      });
    expect(judgeComparison([sale('ttl-cached', 40), sale('script', 0)]).verdict.sentence).toBe(
      'script has the fewest units oversold (0)',
    );
  });
});

describe('repeats', () => {
  /** Rounds in which a machine is slower and faster, the same for all of a round. */
  const MACHINE = [1, 1.4, 0.8, 1.1, 2, 0.9, 1.2, 1.7, 0.7, 1.05];
  const rounds = (defence: string, p99: (i: number) => number, loads = 3): RunResult[] =>
    MACHINE.map((machine, i) => runOf({ defence, measures: figures(loads, null, p99(i) * machine) }));
  const jitter = (i: number): number => 1 + 0.02 * (((i * 7) % 10) / 4.5 - 1);

  test('a difference that every round shows is told with its interval, however the machine changes', () => {
    const { verdict, intervals } = judgeComparison([...rounds('a', () => 100), ...rounds('b', (i) => 80 * jitter(i))]);
    const p99 = intervals!.find(({ measure }) => measure === 'latency.p99')!;
    expect(p99).toMatchObject({ contender: 'b', against: 'a', outcome: 'better', pairs: 10, pairsNeeded: null });
    expect(p99.effect).toBeCloseTo(-0.2, 2);
    expect(p99.pValue).toBeCloseTo(2 / 1024, 9);
    // The loads, which are the same in every round, are no test.
    expect(p99.adjustedP).toBeCloseTo(2 / 1024, 9);
    expect(p99.low!).toBeLessThan(p99.high!);
    expect(verdict.sentence).toBe('b has the lowest p99 (85 ms)');
    expect(verdict.explanation).toMatch(/b against a: p99 latency \d\d(\.\d)? % better \([\d.]+ to [\d.]+ %\)\./);
  });

  test('medians that differ by more than a tenth are still called equal where the rounds do not agree', () => {
    const wild = (i: number): number => (i % 2 === 0 ? 60 : 190);
    const { verdict, intervals } = judgeComparison([...rounds('a', () => 100), ...rounds('b', wild)]);
    expect(intervals!.find(({ measure }) => measure === 'latency.p99')!.outcome).toBe('within-noise');
    expect(verdict.sentence).toBe('a and b cannot be told apart');
    expect(verdict.explanation).toContain('b against a: p99 latency within noise.');
  });

  test('against another than the first', () => {
    const runs = [
      ...rounds('a', () => 100),
      ...rounds('b', (i) => 80 * jitter(i)),
      ...rounds('c', (i) => 90 * jitter(i)),
    ];
    const { intervals } = judgeComparison(runs, 'c');
    expect(new Set(intervals!.map(({ contender, against }) => `${contender} ${against}`))).toEqual(
      new Set(['a c', 'b c']),
    );
  });

  test('rounds in which one run is invalid do not count, and too few say how many are needed', () => {
    const some = rounds('a', () => 100).map((run, i) =>
      i < 6 ? { ...run, validity: { valid: false, findings: [] } } : run,
    );
    const { verdict, intervals } = judgeComparison([...some, ...rounds('b', (i) => 80 * jitter(i))]);
    expect(intervals!.map(({ pairs, outcome }) => [pairs, outcome])).toEqual([
      [4, 'within-noise'],
      [4, 'too-few'],
    ]);
    expect(verdict.explanation).toContain(
      '4 repeats can tell no difference from chance, however large: 6 would be needed.',
    );
  });

  test('one run of each has no intervals; errors where there are none are compared by differences', () => {
    expect(judgeComparison([runOf({ defence: 'a' }), runOf({ defence: 'b' })]).intervals).toBeUndefined();
    const failing = (defence: string, rate: (i: number) => number): RunResult[] =>
      MACHINE.map((_, i) => runOf({ defence, measures: { run: { 'errors.rate': rate(i) } } }));
    const { intervals } = judgeComparison([...failing('a', () => 0), ...failing('b', (i) => 1 + i / 10)]);
    expect(intervals).toMatchObject([{ scale: 'difference', outcome: 'worse', effect: expect.closeTo(1.45, 9) }]);
  });
});

describe('the verdict is the worst of the runs', () => {
  test('a failure is named', () => {
    const { verdict } = judgeComparison([
      runOf({
        defence: 'a',
        measures: figures(26, null, null),
        verdict: { status: 'fail', sentence: 'p99 98 ms, limit 50 ms', explanation: '' },
      }),
      runOf({ defence: 'b', measures: figures(1, null, null) }),
    ]);
    expect(verdict.status).toBe('fail');
    expect(verdict.sentence).toBe('a failed. b has the fewest loads per expiry (1)');
    expect(verdict.explanation).toContain('a: p99 98 ms, limit 50 ms.');
  });

  test('invalid and interrupted runs are not ranked', () => {
    const unknown = { status: 'unknown', sentence: 'the run is invalid', explanation: '' } as const;
    const { verdict } = judgeComparison([
      runOf({ defence: 'a', measures: figures(1, null, null), valid: false, verdict: unknown }),
      runOf({ defence: 'b', measures: figures(2, null, null) }),
      runOf({ defence: 'c', measures: figures(3, null, null) }),
      runOf({ defence: 'd', measures: figures(1, null, null), partial: true, verdict: unknown }),
    ]);
    expect(verdict.status).toBe('unknown');
    expect(verdict.sentence).toBe('b has the fewest loads per expiry (2)');
    expect(verdict.explanation).toContain('Not ranked, since invalid or interrupted: a and d.');
  });

  test('one that alone is valid is not said to be the only one that was run', () => {
    const { verdict } = judgeComparison([
      runOf({ defence: 'a', measures: figures(1, null, null), valid: false }),
      runOf({ defence: 'b', measures: figures(2, null, null) }),
    ]);
    expect(verdict.sentence).toBe('only b has a valid run, so there is nothing to rank');
  });

  test('a contender with some invalid repeats is ranked by the others, and this is said', () => {
    const { verdict } = judgeComparison([
      ...[9, 1, 2].map((p99, i) => runOf({ defence: 'a', measures: figures(null, null, p99), valid: i > 0 })),
      ...[30, 31, 32].map((p99) => runOf({ defence: 'b', measures: figures(null, null, p99) })),
    ]);
    expect(verdict.sentence).toBe('a has the lowest p99 (1.5 ms)');
    expect(verdict.explanation).toContain('1 of 3 runs of a not valid.');
    expect(verdict.explanation).not.toContain('Not ranked');
  });

  test('no valid run, one run', () => {
    const { verdict } = judgeComparison([runOf({ defence: 'a', valid: false })]);
    expect(verdict.sentence).toContain('no run was valid, so nothing can be compared');
    expect(judgeComparison([runOf({ defence: 'a' })]).verdict.sentence).toBe(
      'only a was run, so there is nothing to rank',
    );
  });
});

describe('differences', () => {
  test('runs of one traffic on one machine differ in nothing', () => {
    expect(judgeComparison([runOf({ defence: 'a' }), runOf({ defence: 'b' })]).differences).toEqual([]);
  });

  test('machine, versions, seed and rate are told with who had which', () => {
    const plan = buildEvidence({ requests: steady(0, 10_000, 20, { latencyMs: 2 }) }).plan;
    const other = runOf({
      defence: 'b',
      plan: { seed: 43, ttlMs: 500, load: plan.load },
      environment: {
        versions: { redis: '8.0.0', postgres: '18.1', toxiproxy: '2.12.0' },
        machine: { platform: 'linux', cores: 8, cpuModel: 'Other CPU', memoryBytes: 1, fingerprint: 'f2' },
      },
    });
    expect(judgeComparison([runOf({ defence: 'a' }), other]).differences).toEqual([
      'machine: 2 × Test CPU [f1] (a), 8 × Other CPU [f2] (b)',
      'version of redis: 7.0.15 (a), 8.0.0 (b)',
      'version of toxiproxy: not stated (a), 2.12.0 (b)',
      'seed: 42 (a), 43 (b)',
      'offered traffic of hot-key: open-loop, constant, timeout 5000 ms: steady 10 s at 100/s (a), ' +
        'open-loop, constant, timeout 5000 ms: steady 10 s at 50/s (b)',
      'TTL of hot-key: 1000 ms (a), 500 ms (b)',
    ]);
  });
});
