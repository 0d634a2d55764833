/**
 * Measured beside predicted: the hot-key profile with λ and δ chosen so that each defence's formula holds, long
 * enough for its average to be within a few percent of its expectation.
 */
import { type BenchResult, thisMachine } from './result.ts';
import { runCachequake } from './run-cachequake.ts';

/** About 400 reads/s of one key, 50 ms to make the value, one second to live: λδ = 20. */
const TRAFFIC = ['hotShare=1', 'keys=1', 'ratePerSec=400', 'recomputeMs=50', 'ttlMs=1000', 'warmUpSec=2'];
const TOLERANCE = 0.15;

interface Case {
  defence: string;
  instances: number;
  durationSec: number;
  set?: string[];
}

/** Loads per expiry of xfetch scatter widely, so it needs some hundred expiries; the others are nearly exact. */
const CASES: readonly Case[] = [
  { defence: 'cache-aside', instances: 2, durationSec: 20 },
  { defence: 'single-flight', instances: 1, durationSec: 20 },
  { defence: 'single-flight', instances: 2, durationSec: 20 },
  { defence: 'single-flight', instances: 4, durationSec: 20 },
  { defence: 'lock-wait', instances: 2, durationSec: 20 },
  { defence: 'xfetch', instances: 2, durationSec: 90, set: ['xfetch.beta=0.5'] },
  { defence: 'xfetch', instances: 2, durationSec: 90, set: ['xfetch.beta=1'] },
  { defence: 'xfetch', instances: 2, durationSec: 90, set: ['xfetch.beta=2'] },
];

/** Runs every case on the local environment; about six minutes. */
export async function benchPrediction(): Promise<BenchResult> {
  const startedAt = new Date().toISOString();
  const rows: BenchResult['rows'] = [];
  const goals: BenchResult['goals'] = [];
  for (const one of CASES) {
    const set = [...TRAFFIC, `durationSec=${one.durationSec}`, ...(one.set ?? [])];
    const result = await runCachequake([
      'run',
      'hot-key',
      '--env',
      'local',
      '--defence',
      one.defence,
      '--instances',
      String(one.instances),
      '--postgres-pool',
      '40',
      ...set.flatMap((assignment) => ['--set', assignment]),
    ]);
    const measured = result.measures['run']?.['db.loadsPerExpiry'] ?? null;
    const predicted = result.plan.prediction?.loadsPerExpiry ?? null;
    const off = measured === null || predicted === null ? null : measured / predicted - 1;
    const name = `${one.defence}${one.set ? ` ${one.set.join(' ')}` : ''}, ${one.instances} instance${one.instances === 1 ? '' : 's'}`;
    rows.push({
      defence: name,
      measured: measured?.toFixed(2) ?? 'unknown',
      predicted: predicted?.toFixed(2) ?? 'none',
      difference: off === null ? 'unknown' : `${(100 * off).toFixed(1)} %`,
      valid: result.validity.valid,
    });
    goals.push({
      goal: `${name} within ${TOLERANCE * 100} % of its prediction`,
      measured: off === null ? 'unknown' : `${(100 * off).toFixed(1)} %`,
      met: off !== null && Math.abs(off) <= TOLERANCE && result.validity.valid,
    });
  }
  return {
    name: 'prediction',
    title: 'Database loads per expiry, measured beside predicted',
    startedAt,
    machine: thisMachine(),
    rows,
    goals,
  };
}
