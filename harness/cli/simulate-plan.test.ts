import { expect, test } from 'vitest';
import { prepare } from './options.ts';
import { simulatePlan, type SimulatedRun } from './simulate-plan.ts';

async function simulated(defence: string, instances: number, set: string[] = []): Promise<SimulatedRun> {
  const { plan, catalogue } = await prepare({ set: ['durationSec=60', 'ttlMs=1000', ...set] });
  const made = await plan('hot-key', { defence }, 'local');
  return simulatePlan({ ...made, instances }, { catalogue, networkMs: 0.3 });
}

test.each([
  ['cache-aside', 1],
  ['single-flight', 4],
  ['single-flight', 1000],
  ['lock-wait', 1000],
])('%s on %i instances: loads per expiry as predicted, counted as in a real run', async (defence, instances) => {
  const { measures, reads } = await simulated(defence, instances);
  const predicted = measures['db.loadsPerExpiryPredicted']!;
  expect(Math.abs(measures['db.loadsPerExpiry']! / predicted - 1)).toBeLessThan(0.15);
  // 62 seconds at 400 a second, within five standard deviations.
  expect(Math.abs(reads - 62 * 400)).toBeLessThan(5 * Math.sqrt(62 * 400));
});

test('the same plan gives the same figures, another seed others', async () => {
  const once = await simulated('xfetch', 2);
  expect(await simulated('xfetch', 2)).toEqual(once);
  expect(await simulated('xfetch', 3)).not.toEqual(once);
});

test('keys that the plan preloads are there from the start', async () => {
  const { plan, catalogue } = await prepare({ set: ['keys=50', 'ttlMs=4000', 'durationSec=10'] });
  const made = await plan('mass-expiry', { defence: 'cache-aside' }, 'local');
  expect(made.dataset.preloadKeys).toBeGreaterThan(0);
  const { measures } = await simulatePlan(made, { catalogue, networkMs: 0.3 });
  expect(measures['cache.hitRatio']).toBeGreaterThan(80);
});

test('what cannot be simulated is refused in words', async () => {
  const { plan, catalogue } = await prepare({ set: ['recomputeMs=0'] });
  const made = await plan('hot-key', { defence: 'cache-aside' }, 'local');
  await expect(simulatePlan(made, { catalogue, networkMs: 0.3 })).rejects.toThrow('no known length');
});
