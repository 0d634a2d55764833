/**
 * Fills the cache of a service that is not ours: it has no route for that, so each key is read once, as the first reader
 * would. What was read first then expires first, by as long as the filling takes.
 */
import type { StartedInstance } from '../contract/environment.ts';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { RunPlan } from '../contract/plan.ts';
import { realClock } from '../kit/clock.ts';
import { requestOf } from './prepare.ts';

/** Enough to be quick, few enough to be no load test before the load test. */
const AT_A_TIME = 16;
const LIMIT_MS = 45_000;

/**
 * Reads keys 0 to `preloadKeys - 1`, each through one instance, in turn.
 *
 * @param onStep told how much was done, and where time was too short for all
 * @throws HarnessError SERVICE_FAILED where a key cannot be read
 */
export async function fillByReading(
  plan: RunPlan,
  instances: readonly StartedInstance[],
  onStep: (line: string) => void,
): Promise<void> {
  const keys = plan.dataset.preloadKeys;
  if (keys === 0) return;
  const request = plan.load.operations.find(({ operation }) => operation === 'read-item')?.request;
  if (request === undefined) {
    onStep(`the cache stays empty: without read-item nothing says how the ${keys} keys of the profile are read`);
    return;
  }
  const startedAtMs = realClock.nowMs();
  let next = 0;
  const isLate = (): boolean => realClock.nowMs() - startedAtMs > LIMIT_MS;
  const reader = async (): Promise<void> => {
    while (next < keys && !isLate()) {
      const key = next++;
      const { url, init } = requestOf(instances[key % instances.length]!.url, request, key, `fill-${key}`);
      let response: Response;
      try {
        response = await fetch(url, { ...init, signal: AbortSignal.timeout(plan.load.timeoutMs + 5000) });
        await response.arrayBuffer();
      } catch (cause) {
        throw new HarnessError('SERVICE_FAILED', `filling the cache: ${url} was not answered: ${messageOf(cause)}`, {
          cause,
        });
      }
      if (!response.ok)
        throw new HarnessError('SERVICE_FAILED', `filling the cache: ${url} was answered with ${response.status}`, {
          hint: `the profile reads keys 0 to ${keys - 1}; --set keys=… asks for fewer`,
        });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, reader));
  const took = `${((realClock.nowMs() - startedAtMs) / 1000).toFixed(1)} s`;
  onStep(
    next < keys
      ? `only ${next} of ${keys} keys were read in ${took}: the cache is not full`
      : `each of ${keys} keys was read once, in ${took}, to fill the cache`,
  );
}
