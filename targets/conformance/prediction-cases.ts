/** A prediction must be a number where it is given, and the number must be what is measured. */
import assert from 'node:assert/strict';
import type { Defence } from '../../harness/contract/defence.ts';
import { measureLoadsPerExpiry } from './measure.ts';

/** How far the measured loads per expiry may lie from the prediction. */
const TOLERANCE = 0.15;

/** Where a prediction is measured. */
interface Traffic {
  /** λ over all instances. */
  ratePerSec: number;
  /** δ, ms. */
  recomputeMs: number;
  ttlMs: number;
}

const BUSY: Traffic = { ratePerSec: 1000, recomputeMs: 100, ttlMs: 1500 };
/** Another λ, λδ and δ/TTL: a formula that is right at one point by chance is wrong here. */
const CALM: Traffic = { ratePerSec: 100, recomputeMs: 60, ttlMs: 2400 };

interface PredictionCase {
  name: string;
  run(): Promise<void>;
}

/**
 * Measured against predicted loads per expiry.
 *
 * @param parameters of the defence; those left out take their defaults
 * @param traffic by default λ = 1000/s, δ = 0.1 s, TTL = 1.5 s
 */
export async function assertPrediction(
  defence: Defence,
  parameters: Record<string, unknown>,
  instances: number,
  traffic = BUSY,
): Promise<void> {
  const predicted = defence.predict?.({
    ratePerSec: traffic.ratePerSec,
    recomputeSec: traffic.recomputeMs / 1000,
    instances,
    ttlSec: traffic.ttlMs / 1000,
    parameters: defence.parameters.parse(parameters),
  });
  if (predicted === null || predicted === undefined) return;
  const { loadsPerExpiry, expiries, standardError } = await measureLoadsPerExpiry([{ defence, parameters }], {
    ...traffic,
    instances,
    seed: 1,
  });
  assert.ok(
    Math.abs(loadsPerExpiry - predicted) <= TOLERANCE * predicted,
    `predicted ${predicted.toFixed(2)} loads per expiry, measured ${loadsPerExpiry.toFixed(2)} ` +
      `± ${standardError.toFixed(2)} over ${expiries} expiries on ${instances} instances`,
  );
}

export function predictionCases(defence: Defence): PredictionCase[] {
  const { predict } = defence;
  if (!predict) return [];
  const finite: PredictionCase = {
    name: 'predictions are null or finite and at least 0',
    async run() {
      const parameters = defence.parameters.parse({});
      for (const ratePerSec of [0, 0.1, 10, 1e5])
        for (const recomputeSec of [0, 0.001, 0.1, 60])
          for (const instances of [1, 2, 1000])
            for (const ttlSec of [0.001, 10, 86_400]) {
              const input = { ratePerSec, recomputeSec, instances, ttlSec, parameters };
              const loads = predict(input);
              assert.ok(
                loads === null || (Number.isFinite(loads) && loads >= 0),
                `predict(${JSON.stringify(input)}) gave ${loads}`,
              );
            }
    },
  };
  return [
    finite,
    ...[1, 2, 4].map((instances) => ({
      name: `measured loads per expiry are as predicted on ${instances} instance${instances > 1 ? 's' : ''}`,
      run: () => assertPrediction(defence, {}, instances),
    })),
    {
      name: 'measured loads per expiry are as predicted at a tenth of the rate, with a cheaper load and a longer TTL',
      run: () => assertPrediction(defence, {}, 2, CALM),
    },
  ];
}
