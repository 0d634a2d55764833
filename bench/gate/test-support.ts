/** Recordings that nobody recorded: seeded noise around effects that are known, to see whether they are found. */
import { TRIAL_QUANTILES } from '../../harness/contract/gate.ts';
import type { MeasureMeta } from '../../harness/contract/verdict.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { normalQuantile } from '../../harness/stats/normal.ts';
import { gateOf } from './gate-rules.ts';
import type { CompactTrial, RecordedPair, Series, Sitting, TrialSettings } from './recording.ts';
import type { Gate } from './resample.ts';

export const SETTINGS: TrialSettings = {
  design: 'duet',
  durationSec: 10,
  warmUpSec: 2,
  ratePerSec: 400,
  instances: 1,
  profile: 'hot-key',
  parameters: {},
};

export const MEASURES: MeasureMeta[] = [
  { id: 'latency.p50', title: 'Median latency', unit: 'ms', better: 'lower', evidence: 'time' },
  { id: 'latency.p95', title: 'p95 latency', unit: 'ms', better: 'lower', evidence: 'time' },
  { id: 'latency.p99', title: 'p99 latency', unit: 'ms', better: 'lower', evidence: 'time' },
  {
    id: 'db.queriesPerRequest',
    title: 'Database queries per request',
    unit: 'ratio',
    better: 'lower',
    evidence: 'count',
  },
];

export const SITTING: Sitting = {
  kind: 'sitting',
  recordingVersion: 1,
  id: 's1',
  startedAt: '2026-01-02T03:04:05.000Z',
  command: 'npm run bench -- gate record',
  settings: SETTINGS,
  machine: { platform: 'linux', cores: 2, cpuModel: 'test', memoryBytes: 1, fingerprint: 'f1' },
  versions: { node: 'v24' },
  openSeconds: 6,
  measures: MEASURES,
  notJudged: [],
  levels: { unloadedP50Ms: 1, p95Ms: 12, p99Ms: 14, queriesPerRequest: 0.2 },
};

export interface Planted {
  change: string;
  pairs: number;
  /** Standard deviation of ln(candidate / base). */
  spread: number;
  /** Added to ln(candidate / base) of each measure that is named. */
  effects?: Readonly<Record<string, number>>;
}

/** The gate as it is by default. */
export function testGate(): Gate {
  return gateOf(syntheticSeries([]));
}

/** A series of pairs of twelve seconds. */
export function syntheticSeries(planted: readonly Planted[], seed = 1): Series {
  return {
    name: 'duet-10s-400',
    settings: SETTINGS,
    sittings: [SITTING],
    pairs: planted.flatMap((one) => {
      const random = seededRandom(seed, one.change);
      return Array.from({ length: one.pairs }, (_, i) => syntheticPair(one, i, random.next));
    }),
  };
}

const LEVEL: Readonly<Record<string, number>> = {
  'latency.p50': 2,
  'latency.p95': 5,
  'latency.p99': 9,
  'db.queriesPerRequest': 0.4,
};

function syntheticPair({ change, spread, effects = {} }: Planted, index: number, next: () => number): RecordedPair {
  const noise = (): number => spread * normalQuantile(0.0005 + 0.999 * next());
  const measures = Object.keys(LEVEL);
  const differences = measures.map((id) => noise() + (effects[id] ?? 0));
  const values = (sign: number): Record<string, number> =>
    Object.fromEntries(measures.map((id, i) => [id, LEVEL[id]! * Math.exp((sign * differences[i]!) / 2)]));
  const candidateFirst = next() < 0.5;
  const trial = (sign: number, position: 0 | 1): CompactTrial => ({
    position,
    startedAt: SITTING.startedAt,
    durationMs: 12_000,
    seed: index,
    requests: 4000,
    measures: { ...values(sign), 'errors.rate': 0 },
    latencyMs: TRIAL_QUANTILES.map((share) => 1 + share),
    invalid: [],
    failedChecks: [],
    generatorLagP99Ms: 0.5,
    stolenCpuShare: 0,
  });
  return {
    kind: 'pair',
    sitting: SITTING.id,
    change,
    seconds: 12,
    base: trial(-1, candidateFirst ? 1 : 0),
    candidate: trial(1, candidateFirst ? 0 : 1),
  };
}
