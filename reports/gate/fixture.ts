/**
 * Makes synthetic gates for the tests of their outputs, from a seeded model of noisy pairs: every number in them is
 * invented, and they say so in their notes. The decisions follow from the trials, so that pictures and words agree.
 */
import { TRIAL_QUANTILES } from '../../harness/contract/gate.ts';
import type { GateResult, MeasureDecision, MeasureOutcome, Trial } from '../../harness/contract/gate.ts';
import { RESULT_SCHEMA_VERSION } from '../../harness/contract/result.ts';
import type { MeasureMeta } from '../../harness/contract/verdict.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { FIXTURE_START_MS, fixtureEnvironment } from '../fixtures/make-fixture.ts';
import { makePlan } from '../fixtures/plan-fixture.ts';
import { pairEffect, pairsOf } from './pairs.ts';

export interface GateFixtureOptions {
  /** `baseline` is held against a stored baseline; the others are side by side. */
  kind?: 'pass' | 'regressed' | 'undecided' | 'baseline';
  seed?: number;
  pairs?: number;
  /** Put into every free text, to prove that text is shown and never run. */
  hostile?: string;
}

interface Model extends MeasureMeta {
  scale: 'ratio' | 'difference';
  tolerance: number;
  at: number;
  /** Standard deviation of one value: a share of it, or in its unit. */
  noise: number;
  /** What the candidate does to it where it regressed. */
  worse: number;
}
const time = { evidence: 'time', unit: 'ms', better: 'lower', scale: 'ratio' } as const;
const count = { evidence: 'count', unit: 'ratio', better: 'lower', scale: 'ratio' } as const;
const MODELS: Model[] = [
  { id: 'latency.p50', title: 'p50 latency', ...time, tolerance: 0.05, at: 4.2, noise: 0.012, worse: 0.004 },
  { id: 'latency.p95', title: 'p95 latency', ...time, tolerance: 0.05, at: 11.8, noise: 0.014, worse: 0.06 },
  { id: 'latency.p99', title: 'p99 latency', ...time, tolerance: 0.1, at: 26.4, noise: 0.034, worse: 0.24 },
  {
    id: 'rate.achieved',
    title: 'Achieved rate',
    evidence: 'time',
    unit: '/s',
    better: 'higher',
    scale: 'ratio',
    tolerance: 0.05,
    at: 500,
    noise: 0.001,
    worse: 0,
  },
  {
    id: 'db.queriesPerRequest',
    title: 'Database queries per request',
    ...count,
    tolerance: 0.02,
    at: 0.084,
    noise: 0.002,
    worse: 0.31,
  },
  {
    id: 'redis.opsPerRequest',
    title: 'Redis commands per request',
    ...count,
    tolerance: 0.02,
    at: 1.16,
    noise: 0.001,
    worse: -0.05,
  },
  {
    id: 'cache.hitRatio',
    title: 'Hit ratio: answered at once from the cache',
    evidence: 'count',
    unit: '%',
    better: 'higher',
    scale: 'difference',
    tolerance: 0.5,
    at: 96.1,
    noise: 0.04,
    worse: 0.06,
  },
  {
    id: 'errors.rate',
    title: 'Errors',
    evidence: 'count',
    unit: '%',
    better: 'lower',
    scale: 'difference',
    tolerance: 0.1,
    at: 0.02,
    noise: 0.01,
    worse: 0,
  },
];

/** One synthetic gate. */
export function makeGate(options: GateFixtureOptions = {}): GateResult {
  const { kind = 'pass', seed = 42 } = options;
  const count = options.pairs ?? (kind === 'pass' ? 12 : 24);
  const note = options.hostile ?? '';
  const alone = kind === 'baseline';
  const plan = makePlan({
    profile: 'hot-key',
    note,
    fault: null,
    defence: 'single-flight',
    seed,
    durationMs: 20_000,
    ratePerSec: 500,
    predicted: 2,
  });
  const trials = trialsOf(kind, seed, count, note);
  const definitions = MODELS.map(({ id, title, unit, better, evidence }, i): MeasureMeta => ({
    id,
    title: i === 0 ? title + note : title,
    unit,
    better,
    evidence,
  }));
  const result: GateResult = {
    kind: 'gate',
    schemaVersion: RESULT_SCHEMA_VERSION,
    cachequakeVersion: '0.1.0',
    runId: `fixture-gate-${kind}-${seed}`,
    command: `cachequake gate hot-key ${alone ? '--baseline baseline.json' : '--base main'} --seed ${seed}${note}`,
    startedAt: new Date(FIXTURE_START_MS).toISOString(),
    finishedAt: new Date(FIXTURE_START_MS + (trials.length + 1) * 24_000).toISOString(),
    partial: false,
    evidence: alone ? 'baseline' : 'side-by-side',
    design: alone ? null : 'alternating',
    plan,
    environment: fixtureEnvironment(note),
    sides: [
      ...(alone
        ? []
        : [
            {
              name: 'base' as const,
              title: `git main (1a2b3c4)${note}`,
              commit: '1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b',
            },
          ]),
      {
        name: 'candidate',
        title: `the working folder${note}`,
        commit: '9f8e7d6c5b4a39281706f5e4d3c2b1a098765432-dirty',
      },
    ],
    baseline: alone
      ? {
          file: `baseline.json${note}`,
          acceptedAt: '2025-12-20T09:30:00.000Z',
          commit: '1a2b3c4d5e6f',
          sameMachine: false,
        }
      : null,
    rules: {
      tolerances: Object.fromEntries(MODELS.map(({ id, scale, tolerance }) => [id, { scale, tolerance }])),
      alpha: 0.01,
      firstLook: 12,
      lastLook: 24,
    },
    trials,
    measureDefinitions: definitions,
    measures: [],
    guards: [
      { id: 'dropped', ok: true, message: `no arrival was dropped${note}` },
      { id: 'lag', ok: true, message: 'the generator lagged by 0.4 ms at most (p99)' },
      {
        id: 'trend',
        ok: kind !== 'undecided',
        message:
          kind === 'undecided'
            ? 'the pairs depend on each other: p99 has a lag-1 autocorrelation of 0.61'
            : 'no pair depends on the one before it',
      },
    ],
    decision: 'pass',
    verdict: { status: 'pass', sentence: '', explanation: '' },
    repeatCommand: `cachequake gate hot-key ${alone ? '--baseline baseline.json' : '--base 1a2b3c4'} --seed ${seed}${note}`,
    acceptCommand: alone ? `cachequake gate hot-key --baseline baseline.json --accept${note}` : null,
  };
  result.measures = MODELS.map((model, i) => decide(result, model, definitions[i]!, note));
  return judged(result, note);
}

function trialsOf(kind: NonNullable<GateFixtureOptions['kind']>, seed: number, count: number, note: string): Trial[] {
  const random = seededRandom(seed, `gate:${kind}`);
  /** Near enough to normal: twelve uniforms (Irwin and Hall). */
  const normal = (): number => Array.from({ length: 12 }, () => random.next()).reduce((a, b) => a + b, -6);
  const loud = kind === 'undecided' ? 5 : 1;
  const worseBy = (model: Model): number =>
    kind === 'regressed' || (kind === 'baseline' && model.evidence === 'count') ? model.worse : 0;
  const trials: Trial[] = [];
  const noisePairs = kind === 'baseline' ? 0 : 3;
  for (let i = 0; i < noisePairs + count; i++) {
    const purpose = i < noisePairs ? 'noise' : 'judge';
    const first = random.next() < 0.5 ? 'base' : 'candidate';
    const drift = 0.01 * loud * normal();
    for (const side of kind === 'baseline' ? (['candidate'] as const) : (['base', 'candidate'] as const)) {
      const changed = side === 'candidate' && purpose === 'judge' ? 1 : 0;
      const measures = Object.fromEntries(
        MODELS.map((model) => {
          const by = changed * worseBy(model) * (model.better === 'higher' ? -1 : 1);
          const noise = model.noise * normal() * (model.evidence === 'time' ? loud : 1);
          const value =
            model.scale === 'ratio'
              ? model.at * (1 + by) * Math.exp(noise + (model.evidence === 'time' && model.unit === 'ms' ? drift : 0))
              : Math.max(0, model.at + by + noise);
          return [model.id, Number(value.toPrecision(5))];
        }),
      );
      const broken = kind === 'undecided' && i === noisePairs + 4 && side === 'candidate';
      trials.push({
        side,
        pair: purpose === 'noise' ? i : i - noisePairs,
        purpose,
        position: side === first || kind === 'baseline' ? 0 : 1,
        startedAt: new Date(FIXTURE_START_MS + trials.length * 24_000).toISOString(),
        durationMs: 20_000,
        seed: seed + i,
        requests: 10_000,
        measures,
        latencyMs: TRIAL_QUANTILES.map((q) => {
          const tail = Math.max(0, (q - 0.8) / 0.2);
          const ms =
            2.1 *
            (1 / (1 - q)) ** 0.55 *
            (1 + changed * worseBy(MODELS[2]!) * tail) *
            Math.exp(drift + 0.01 * loud * (1 + 2 * tail) * normal());
          return q > 0.998 && broken ? null : Number(ms.toPrecision(4));
        }),
        invalid: broken ? [`412 arrivals were dropped${note}`] : [],
        timesInvalid: [],
        failedChecks: [],
        generatorLagP99Ms: 0.4,
        stolenCpuShare: kind === 'undecided' ? 0.031 : 0.002,
      });
    }
  }
  return trials;
}

/** A plain decision, good enough for pictures: the median of Walsh averages and a normal interval around it. */
function decide(result: GateResult, model: Model, meta: MeasureMeta, note: string): MeasureDecision {
  const valid = pairsOf(result).filter((pair) => pair.purpose === 'judge' && pair.valid);
  const base = result.evidence === 'baseline' ? model.at : median(valid.map((pair) => pair.base!.measures[model.id]!));
  const effects = valid.flatMap((pair) => pairEffect(pair, { ...meta, scale: model.scale }, model.at) ?? []);
  const n = effects.length;
  const mean = effects.reduce((a, b) => a + b, 0) / n;
  const spread = Math.sqrt(effects.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, n - 1));
  const effect = median(effects.flatMap((a, i) => effects.slice(i).map((b) => (a + b) / 2)));
  const half = (2.1 * spread) / Math.sqrt(n);
  const smallestDetectable = (4.6 * spread) / Math.sqrt(n);
  const { tolerance } = model;
  const shownOnly = result.evidence === 'baseline' && model.evidence === 'time';
  let outcome: MeasureOutcome = 'within-noise';
  if (shownOnly) outcome = 'reported';
  else if (effect - half > 0 && effect >= tolerance / 2) outcome = 'regressed';
  else if (effect + half >= tolerance) outcome = 'undecided';
  else if (effect + half < 0 && effect < -tolerance / 2) outcome = 'improved';
  else if (effect - half > -tolerance) outcome = 'unchanged';
  const why: Record<MeasureOutcome, string> = {
    regressed: `${(100 * effect).toFixed(1)} % worse beyond doubt, tolerance ${100 * tolerance} %, adjusted p 0.0016`,
    undecided: `Could be worse by more than is allowed; about ${Math.ceil(n * (half / tolerance) ** 2 + n)} pairs would tell.`,
    improved: 'Better beyond doubt.',
    unchanged: 'The whole interval lies within what is allowed.',
    'within-noise': 'Not worse than allowed, and no change could be shown.',
    reported: 'Times against a baseline from another machine are shown and never judged.',
  };
  return {
    ...meta,
    outcome,
    scale: model.scale,
    base,
    candidate: median(valid.map((pair) => pair.candidate.measures[model.id]!)),
    effect,
    low: shownOnly ? null : effect - half,
    high: shownOnly ? null : effect + half,
    tolerance: shownOnly ? 0 : tolerance,
    pValue: shownOnly ? null : outcome === 'regressed' ? 0.0002 : 0.4,
    adjustedP: shownOnly ? null : outcome === 'regressed' ? 0.0016 : 1,
    n,
    spread,
    smallestDetectable: shownOnly ? null : smallestDetectable,
    pairsNeeded: outcome === 'undecided' ? Math.ceil(n * (half / tolerance) ** 2 + n) : null,
    why: why[outcome] + note,
  };
}

function judged(result: GateResult, note: string): GateResult {
  const having = (outcome: MeasureOutcome): MeasureDecision[] => result.measures.filter((m) => m.outcome === outcome);
  const worse = having('regressed');
  const open = having('undecided');
  if (worse.length > 0) {
    result.decision = 'regressed';
    const worst = worse.toSorted((a, b) => b.effect! - a.effect!)[0]!;
    result.verdict = {
      status: 'fail',
      sentence: `${worst.title} is ${(100 * worst.effect!).toFixed(0)} % worse, allowed ${(100 * worst.tolerance).toFixed(0)} %; ${worse.length} of ${result.measures.length} measures regressed${note}`,
      explanation: `Error rate over all measures together 1 %.${note}`,
    };
  } else if (open.length > 0 || result.guards.some((guard) => !guard.ok)) {
    result.decision = 'undecided';
    result.verdict = {
      status: 'unknown',
      sentence: `too noisy to tell: ${open.map((m) => m.title).join(', ')} could be worse than allowed${note}`,
      explanation: `More pairs or a calmer machine would tell.${note}`,
    };
  } else {
    result.verdict = {
      status: 'pass',
      sentence: `no measure is worse than allowed${note}`,
      explanation: `Shown with 97.5 % for each of ${result.measures.length} measures.${note}`,
    };
  }
  return result;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
}
