/**
 * Holds a defence's own formula against the traffic of the plan. Only a stack that one formula describes is predicted:
 * silence is better than a number that nobody derived.
 */
import type { Defence } from '../contract/defence.ts';
import type { Prediction, RunPlan } from '../contract/plan.ts';

/** Members of a stack that do not change how often one hot key is loaded. */
const NEUTRAL = new Set(['jitter']);

/**
 * @param measured rate of the hot key and time of one load as they were measured; without it the plan's own figures
 * @returns null where no formula describes the stack, or the profile has no hot key at a steady rate
 */
export function predictFor(
  plan: RunPlan,
  defences: ReadonlyMap<string, Defence>,
  measured?: { ratePerSec: number; recomputeSec: number },
): Prediction | null {
  if (!plan.hotKey || plan.load.engine !== 'open-loop') return null;
  const recorded = plan.load.segments.filter((s) => s.recorded);
  const rates = new Set(recorded.flatMap((s) => [s.fromRatePerSec, s.toRatePerSec]));
  if (rates.size !== 1 || (plan.dataset.cost.kind !== 'wait' && !measured)) return null;
  const effective = plan.stack.filter((d) => !NEUTRAL.has(d.id));
  if (effective.length > 1) return null;
  const planned = effective[0] ?? { id: 'cache-aside', parameters: {} };
  const defence = defences.get(planned.id);
  if (!defence?.predict) return null;
  const reads = plan.load.operations.filter((o) => o.operation === 'read-item');
  const readShare =
    reads.reduce((sum, o) => sum + o.weight, 0) / plan.load.operations.reduce((sum, o) => sum + o.weight, 0);
  const ratePerSec = measured?.ratePerSec ?? [...rates][0]! * readShare * plan.hotKey.share;
  const recomputeSec =
    measured?.recomputeSec ?? (plan.dataset.cost.kind === 'wait' ? plan.dataset.cost.waitMs / 1000 : 0);
  const loadsPerExpiry = defence.predict({
    ratePerSec,
    recomputeSec,
    instances: plan.instances,
    ttlSec: plan.ttlMs / 1000,
    parameters: planned.parameters,
  });
  return loadsPerExpiry === null ? null : { loadsPerExpiry, ratePerSec, recomputeSec, by: planned.id };
}
