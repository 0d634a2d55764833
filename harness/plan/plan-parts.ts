/** The parts of a plan, each found by its name, with complete parameters, or refused with what would do. */
import type { z } from 'zod';
import type { EnvironmentId } from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { Fault } from '../contract/fault.ts';
import type { LoadOperation } from '../contract/load.ts';
import type { PlannedPart, RunPlan } from '../contract/plan.ts';
import type { FaultEvent, Profile, ProfileShape } from '../contract/profile.ts';
import type { StoreCapability } from '../contract/store.ts';
import type { ServerNeed, StoreKind } from '../contract/store-kind.ts';
import type { Target } from '../contract/target.ts';
import type { Workload } from '../contract/workload.ts';
import { unknownName } from '../kit/suggest.ts';
import { formatDuration } from '../kit/units.ts';
import type { Catalogue } from './catalogue.ts';
import { parseParameters } from './parameters.ts';
import { expandStack, orderStack } from './stack.ts';

export function planStack(
  text: string,
  store: StoreKind,
  catalogue: Catalogue,
  given: Map<string, Record<string, unknown>>,
): PlannedPart[] {
  const { ids, parameters } = expandStack(text, catalogue.stacks);
  const defences = ids.map((id) => {
    const defence = catalogue.defences.get(id);
    if (!defence) throw unknownName('defence', id, [...catalogue.defences.keys(), ...catalogue.stacks.keys()]);
    return defence;
  });
  return orderStack(defences, store, (needs) => namesOf(catalogue.stores, needs)).map((defence) => ({
    id: defence.id,
    parameters: parseParameters('defence', defence, { ...parameters[defence.id], ...given.get(defence.id) }),
    file: catalogue.defenceFiles.get(defence.id) ?? null,
  }));
}

export function planStock(
  id: string | null,
  shape: ProfileShape,
  catalogue: Catalogue,
  given: Map<string, Record<string, unknown>>,
): RunPlan['stock'] {
  if (shape.stock === null || id === null) return null;
  const strategy = pick('stock strategy', id, catalogue.stock);
  return {
    id: strategy.id,
    parameters: parseParameters('stock strategy', strategy, given.get(strategy.id) ?? {}),
    file: catalogue.stockFiles.get(strategy.id) ?? null,
  };
}

export function planWrite(
  id: string,
  storeId: string,
  catalogue: Catalogue,
  shape: ProfileShape,
  workload: Workload | null,
  given: Map<string, Record<string, unknown>>,
): RunPlan['write'] {
  const strategy = pick('write strategy', id, catalogue.writes);
  // A workload's writes are its own.
  const writes = shape.traffic.operations.some(({ operation }) => operation === 'write-item');
  if (!writes || workload?.operations['write-item'] !== undefined) return null;
  const store = catalogue.stores.get(storeId);
  const missing = store ? strategy.needs.filter((need) => !store.capabilities.has(need)) : [];
  if (missing.length > 0)
    throw new HarnessError(
      'BAD_PLAN',
      `'${strategy.id}' needs ${missing.join(', ')}, which the store '${storeId}' does not have`,
      { hint: `stores that have it: ${namesOf(catalogue.stores, strategy.needs)}` },
    );
  return planPart('write strategy', strategy, given);
}

/** The stores that can do all this. */
function namesOf(stores: ReadonlyMap<string, StoreKind>, needs: readonly StoreCapability[]): string {
  return [...stores.values()].flatMap((s) => (needs.every((n) => s.capabilities.has(n)) ? s.id : [])).join(', ');
}

export function planPart(
  kind: string,
  owner: { id: string; parameters: z.ZodObject },
  given: Map<string, Record<string, unknown>>,
  defaults: Readonly<Record<string, unknown>> = {},
): PlannedPart {
  const parameters = parseParameters(kind, owner, { ...defaults, ...given.get(owner.id) });
  return { id: owner.id, parameters, file: null };
}

export function pick<T>(kind: string, id: string, all: ReadonlyMap<string, T>): T {
  const found = all.get(id);
  if (found === undefined) throw unknownName(kind, id, [...all.keys()]);
  return found;
}

export function mapOperations(
  profile: Profile,
  shape: ProfileShape,
  workload: Workload | null,
  target: Target,
): LoadOperation[] {
  return shape.traffic.operations
    .filter((o) => o.weight > 0)
    .map((o) => {
      const request = workload?.operations[o.operation] ?? target.operations[o.operation];
      if (!request)
        throw new HarnessError(
          'BAD_PLAN',
          `the profile '${profile.id}' needs the operation '${o.operation}', which the target '${target.id}' does not have`,
        );
      return { ...o, request };
    });
}

/**
 * A fault that strikes a process beside the instances needs a run that has it.
 *
 * @throws HarnessError BAD_PLAN
 */
export function refuseFaultsWithoutHelper(plan: RunPlan, { faults, target }: Catalogue): void {
  const helpers = (target.helpers?.(plan) ?? []).map(({ name }) => name);
  for (const { fault, atMs } of plan.faults) {
    const helper = faults.get(fault)?.helper;
    if (helper === undefined || helpers.includes(helper.name)) continue;
    throw new HarnessError(
      'BAD_PLAN',
      `${fault}@${formatDuration(atMs)}: this run has no process '${helper.name}' that could be struck`,
      { hint: helper.hint },
    );
  }
}

export function planFaults(
  events: readonly FaultEvent[],
  endMs: number,
  faults: ReadonlyMap<string, Fault>,
  environment: EnvironmentId,
  store: { id: string; servers: readonly ServerNeed[] },
): FaultEvent[] {
  // Replicas of Redis follow it into its emptiness; other servers hold the values that it has not got.
  const elsewhere = store.servers.filter(({ kind }) => kind === 'redis' || kind === 'memcached');
  return events.map((event) => {
    const fault = faults.get(event.fault);
    if (!fault) throw unknownName('fault', event.fault, [...faults.keys()]);
    const what = `${event.fault}@${formatDuration(event.atMs)}`;
    if (environment === 'external' && fault.needs.includes('redis-restart'))
      throw new HarnessError('BAD_PLAN', `${what}: a Redis that Cachequake did not start is not restarted by it`, {
        hint: 'use redis-flush, or --env local or docker',
      });
    if (fault.needs.includes('redis-restart') && elsewhere.length > 0)
      throw new HarnessError(
        'BAD_PLAN',
        `${what}: it restarts the one Redis, and the store '${store.id}' keeps its values on ${elsewhere.map(({ name }) => name).join(', ')}: none of them would be lost`,
        { hint: 'redis-flush empties all of them; or use --store redis or redis-replica' },
      );
    if (fault.kind === 'lasting' && event.durationMs <= 0)
      throw new HarnessError('BAD_PLAN', `${what} needs a duration`, { hint: `for example ${what}+5s` });
    if (event.atMs + event.durationMs >= endMs)
      throw new HarnessError('BAD_PLAN', `${what} does not end before the run does, after ${formatDuration(endMs)}`, {
        hint: 'times count from the start of the recorded part; make it earlier, or the run longer',
      });
    return { ...event, parameters: parseParameters('fault', fault, event.parameters ?? {}) };
  });
}
