import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Defence } from '../../harness/contract/defence.ts';
import { loadModules } from '../../harness/kit/load-modules.ts';
import { simulateLoadsPerExpiry } from './loads-per-expiry.ts';

/** Simulated loads per expiry lie within this share of what is predicted, at λ = 1000/s and δ = 0.1 s. */
const TOLERANCE = 0.15;
const RATE_PER_SEC = 1000;
const RECOMPUTE_MS = 100;
const TTL_MS = 1500;
const INSTANCES = [1, 4, 1000];

const defences = await loadModules<Defence>(fileURLToPath(new URL('../defences/', import.meta.url)), 'defence');
const cases = [...defences.values()]
  .filter(({ predict }) => predict)
  .flatMap((defence) => INSTANCES.map((instances) => ({ defence, instances })));

function predictedFor(defence: Defence, instances: number): number | null {
  return defence.predict!({
    ratePerSec: RATE_PER_SEC,
    recomputeSec: RECOMPUTE_MS / 1000,
    instances,
    ttlSec: TTL_MS / 1000,
    parameters: defence.parameters.parse({}),
  });
}

test.each(cases)(
  '$defence.id on $instances instances loads as often as it predicts',
  { timeout: 60_000 },
  async ({ defence, instances }) => {
    const predicted = predictedFor(defence, instances);
    // Outside its assumptions a defence says nothing.
    if (predicted === null) return;
    const { loadsPerExpiry, standardError, expiries } = await simulateLoadsPerExpiry([{ defence, parameters: {} }], {
      instances,
      ratePerSec: RATE_PER_SEC,
      recomputeMs: RECOMPUTE_MS,
      ttlMs: TTL_MS,
      seed: 1,
    });
    expect(
      Math.abs(loadsPerExpiry / predicted - 1),
      `predicted ${predicted.toFixed(2)}, simulated ${loadsPerExpiry.toFixed(2)} ± ${standardError.toFixed(2)} over ${expiries} expiries`,
    ).toBeLessThanOrEqual(TOLERANCE);
  },
);

test('enough predictions are numbers, so that not all of the above is silence', () => {
  const given = cases.filter(({ defence, instances }) => predictedFor(defence, instances) !== null);
  expect(new Set(given.map(({ defence }) => defence.id)).size).toBeGreaterThanOrEqual(10);
});

test('a prediction that is wrong would be seen: single-flight does not load once in the cluster', async () => {
  const stack = [{ defence: defences.get('single-flight')!, parameters: {} }];
  const hotKey = { ratePerSec: RATE_PER_SEC, recomputeMs: RECOMPUTE_MS, ttlMs: TTL_MS, seed: 1 };
  const { loadsPerExpiry } = await simulateLoadsPerExpiry(stack, { ...hotKey, instances: 1000 });
  expect(loadsPerExpiry).toBeGreaterThan(50);
});
