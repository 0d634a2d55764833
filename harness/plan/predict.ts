/**
 * Holds a defence's own formula against the traffic of the plan. Only a stack that one formula describes is predicted:
 * silence is better than a number that nobody derived.
 */
import type { Defence, PredictionInput } from '../contract/defence.ts';
import type { PlannedPart, Prediction, RunPlan } from '../contract/plan.ts';

/** Members of a stack that do not change how often one hot key is loaded. */
const NEUTRAL = new Set(['jitter']);

/** Members that change nothing where one load is let in at a time, the database is well and the row exists. */
const SPARE_ONE_LOAD = new Set(['bloom-filter', 'breaker', 'bulkhead', 'negative-cache', 'two-tier']);

/**
 * The loads of a stack by the formula of one member. Of several members only a cluster's coordination speaks for all:
 * where it lets in one load, freshness says when that one is made, and coordination in a process who of it asks.
 */
function predictStack(
  stack: readonly PlannedPart[],
  defences: ReadonlyMap<string, Defence>,
  input: Omit<PredictionInput<unknown>, 'parameters'>,
): { by: string; loads: number } | null {
  const members = stack.map((planned) => ({ planned, defence: defences.get(planned.id) }));
  const [only] = members;
  const speaker = members.length === 1 ? only! : members.find(({ defence }) => defence?.scope === 'cluster');
  const loads = speaker?.defence?.predict?.({ ...input, parameters: speaker.planned.parameters }) ?? null;
  if (speaker === undefined || loads === null) return null;
  const others = members.filter((one) => one !== speaker);
  const spokenFor = others.every(
    ({ planned, defence }) =>
      defence?.layer === 'freshness' || defence?.scope === 'process' || SPARE_ONE_LOAD.has(planned.id),
  );
  return others.length === 0 || (spokenFor && loads === 1) ? { by: speaker.planned.id, loads } : null;
}

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
  const reads = plan.load.operations.filter((o) => o.operation === 'read-item');
  const readShare =
    reads.reduce((sum, o) => sum + o.weight, 0) / plan.load.operations.reduce((sum, o) => sum + o.weight, 0);
  const ratePerSec = measured?.ratePerSec ?? [...rates][0]! * readShare * plan.hotKey.share;
  const recomputeSec =
    measured?.recomputeSec ?? (plan.dataset.cost.kind === 'wait' ? plan.dataset.cost.waitMs / 1000 : 0);
  const predicted = predictStack(
    effective.length > 0 ? effective : [{ id: 'cache-aside', parameters: {}, file: null }],
    defences,
    { ratePerSec, recomputeSec, instances: plan.instances, ttlSec: plan.ttlMs / 1000 },
  );
  return predicted && { loadsPerExpiry: predicted.loads, ratePerSec, recomputeSec, by: predicted.by };
}
