/**
 * Profile × target × defence × faults × settings → one frozen plan. Everything that can be known to be wrong before
 * something starts is refused here, and all problems are told at once.
 */
import type { z } from 'zod';
import type { Defence } from '../contract/defence.ts';
import type { EnvironmentId } from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { Fault } from '../contract/fault.ts';
import type { LoadOperation } from '../contract/load.ts';
import type { PlannedPart, Provenance, RunPlan } from '../contract/plan.ts';
import type { NamedStack } from '../contract/named-stack.ts';
import type { FaultEvent, Profile, ProfileShape } from '../contract/profile.ts';
import type { StockStrategy } from '../contract/stock.ts';
import type { StoreCapability } from '../contract/store.ts';
import type { StoreKind } from '../contract/store-kind.ts';
import type { Target } from '../contract/target.ts';
import type { WriteStrategy } from '../contract/write.ts';
import type { Workload } from '../contract/workload.ts';
import { unknownName } from '../kit/suggest.ts';
import { formatDuration } from '../kit/units.ts';
import { planEdge } from './edge.ts';
import { byOwner, parseParameters } from './parameters.ts';
import { predictFor } from './predict.ts';
import type { Settings } from './settings.ts';
import { expandStack, orderStack } from './stack.ts';

const DEFAULT_WRITE = 'invalidate-after-write';
const DEFAULT_STORE = 'redis';

/** All that can be named on the command line. */
export interface Catalogue {
  profiles: ReadonlyMap<string, Profile>;
  defences: ReadonlyMap<string, Defence>;
  /** Names that stand for several defences. */
  stacks: ReadonlyMap<string, NamedStack>;
  /** Paths of the user's own defence files, by id. */
  defenceFiles: ReadonlyMap<string, string>;
  faults: ReadonlyMap<string, Fault>;
  stock: ReadonlyMap<string, StockStrategy>;
  /** Paths of the user's own stock strategies, by id. */
  stockFiles: ReadonlyMap<string, string>;
  checks: ReadonlySet<string>;
  target: Target;
  stores: ReadonlyMap<string, StoreKind>;
  writes: ReadonlyMap<string, WriteStrategy>;
  workloads: ReadonlyMap<string, Workload>;
}

export interface PlanInput {
  profile: string;
  /** As written, for example `xfetch+single-flight` or the name of a stack. */
  defence: string;
  /** By name; null for the profile's, or the default. */
  write: string | null;
  /** By name; null for the profile's, or the default. */
  store: string | null;
  stock: string | null;
  /** `none` or `nginx`; null or not given for the profile's. */
  edge?: string | null;
  /** What tells it from the others of a comparison; the stack where not given. */
  label?: string;
  environment: EnvironmentId;
  settings: Settings;
  provenance: Record<string, Provenance>;
  /** Already parsed from their texts. */
  faults: readonly FaultEvent[];
  catalogue: Catalogue;
  /** Throws for a threshold that cannot be read. */
  checkThreshold(text: string): void;
}

/**
 * @throws HarnessError the problem where there is one, BAD_PLAN with all of them where there are several
 */
export function makePlan(input: PlanInput): RunPlan {
  const { catalogue, settings } = input;
  const profile = catalogue.profiles.get(input.profile);
  if (!profile) throw unknownName('profile', input.profile, [...catalogue.profiles.keys()]);
  const problems: HarnessError[] = [];
  const attempt = <T>(work: () => T): T | null => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      problems.push(error);
      return null;
    }
  };

  const given = byOwner(settings.set);
  const parameters = attempt(() => parseParameters('profile', profile, given.get('') ?? {}));
  const shape = parameters && profile.shape(parameters);
  const storeId = input.store ?? shape?.store?.id ?? DEFAULT_STORE;
  const storeKind = attempt(() => pick('store', storeId, catalogue.stores));
  const storeDefaults = shape?.store?.id === storeId ? shape.store.parameters : {};
  const store = storeKind && attempt(() => planPart('store', storeKind, given, storeDefaults));
  const stack = storeKind && attempt(() => planStack(input.defence, storeKind, catalogue, given));
  const stock = shape && attempt(() => planStock(input.stock ?? shape.stock, shape, catalogue, given));
  const write =
    shape && attempt(() => planWrite(input.write ?? shape.write ?? DEFAULT_WRITE, storeId, input, shape, given));
  const edge =
    shape && attempt(() => planEdge(input.edge ?? shape.edge ?? 'none', input.environment, given.get('edge')));
  const situation =
    shape?.workload === undefined ? null : attempt(() => pick('workload', shape.workload!.id, catalogue.workloads));
  const workload = situation && attempt(() => planPart('workload', situation, given, shape!.workload!.parameters));
  const operations = shape && attempt(() => mapOperations(profile, shape, situation, catalogue.target));
  const faults =
    shape &&
    attempt(() =>
      planFaults([...shape.events, ...input.faults], recordedMs(shape), catalogue.faults, input.environment),
    );
  for (const text of settings.threshold) attempt(() => input.checkThreshold(text));
  const owners = ['', 'edge', ...[...(stack ?? []), store, stock, write, workload].flatMap((part) => part?.id ?? [])];
  for (const owner of given.keys())
    if (stack && !owners.includes(owner))
      problems.push(unknownName('owner of a parameter in this run:', owner, owners.slice(1)));

  if (problems.length === 1) throw problems[0]!;
  if (problems.length > 1)
    throw new HarnessError(
      'BAD_PLAN',
      `${problems.length} problems:\n${problems.map((p) => `  - ${p.message}${p.hint ? ` (${p.hint})` : ''}`).join('\n')}`,
    );

  const s = shape!;
  // Whoever sets the pool, in whatever way, is stronger than the profile.
  const poolOfProfile = (input.provenance['postgresPool'] ?? 'default') === 'default' ? (s.postgresPool ?? null) : null;
  const plan: RunPlan = {
    planVersion: 1,
    profile: { id: profile.id, title: profile.title, prose: profile.prose, parameters: parameters! },
    target: { id: catalogue.target.id, title: catalogue.target.title },
    defence: stack!.map((d) => d.id).join('+'),
    stack: stack!,
    // A name is shorter than its members, which stand beside it.
    label: input.label ?? (catalogue.stacks.has(input.defence) ? input.defence : stack!.map((d) => d.id).join('+')),
    store: store!,
    write: write ?? null,
    workload,
    stock: stock ?? null,
    edge: edge ?? null,
    purchasesPerUser: s.purchasesPerUser,
    ...(s.perUserPerSec === undefined ? {} : { perUserPerSec: s.perUserPerSec }),
    environment: input.environment,
    instances: settings.instances,
    seed: settings.seed,
    dataset: s.dataset,
    ttlMs: s.ttlMs,
    hotKey: s.hotKey,
    ...(s.redisConfig && { redisConfig: s.redisConfig }),
    ...(s.study && { study: s.study }),
    load: {
      seed: settings.seed,
      engine: settings.engine,
      arrivals: settings.arrivals ?? s.traffic.arrivals,
      segments: s.traffic.segments,
      operations: operations!,
      ...(s.traffic.replay && { replay: s.traffic.replay }),
      users: s.traffic.users,
      timeoutMs: s.timeoutMs,
      maxInFlight: settings.maxInFlight,
      connectionsPerInstance: settings.connections,
      generatorProcesses: settings.generators,
    },
    faults: faults!,
    checks: [...s.checks],
    thresholds: settings.threshold,
    prediction: null,
    service: {
      redisTimeoutMs: settings.redisTimeoutMs,
      postgresTimeoutMs: settings.postgresTimeoutMs,
      postgresPool: poolOfProfile ?? settings.postgresPool,
    },
    validity: {
      maxDroppedShare: settings.maxDroppedShare,
      maxRateError: settings.maxRateError,
      maxLagP99Ms: settings.maxLagP99Ms,
      maxGeneratorCpuShare: settings.maxGeneratorCpuShare,
    },
    provenance: { ...input.provenance, ...(poolOfProfile !== null && { postgresPool: 'profile' as const }) },
  };
  return freeze({ ...plan, prediction: predictFor(plan, catalogue.defences) });
}

/** Length of the recorded part, ms. */
function recordedMs(shape: ProfileShape): number {
  return shape.traffic.segments.filter((s) => s.recorded).reduce((sum, s) => sum + s.durationMs, 0);
}

function planStack(
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

function planStock(
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

function planWrite(
  id: string,
  storeId: string,
  { catalogue }: PlanInput,
  shape: ProfileShape,
  given: Map<string, Record<string, unknown>>,
): RunPlan['write'] {
  const strategy = pick('write strategy', id, catalogue.writes);
  if (!shape.traffic.operations.some(({ operation }) => operation === 'write-item')) return null;
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

function planPart(
  kind: string,
  owner: { id: string; parameters: z.ZodObject },
  given: Map<string, Record<string, unknown>>,
  defaults: Readonly<Record<string, unknown>> = {},
): PlannedPart {
  const parameters = parseParameters(kind, owner, { ...defaults, ...given.get(owner.id) });
  return { id: owner.id, parameters, file: null };
}

function pick<T>(kind: string, id: string, all: ReadonlyMap<string, T>): T {
  const found = all.get(id);
  if (found === undefined) throw unknownName(kind, id, [...all.keys()]);
  return found;
}

function mapOperations(
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

function planFaults(
  events: readonly FaultEvent[],
  endMs: number,
  faults: ReadonlyMap<string, Fault>,
  environment: EnvironmentId,
): FaultEvent[] {
  return events.map((event) => {
    const fault = faults.get(event.fault);
    if (!fault) throw unknownName('fault', event.fault, [...faults.keys()]);
    const what = `${event.fault}@${formatDuration(event.atMs)}`;
    if (environment === 'external' && fault.needs.includes('redis-restart'))
      throw new HarnessError('BAD_PLAN', `${what}: a Redis that Cachequake did not start is not restarted by it`, {
        hint: 'use redis-flush, or --env local or docker',
      });
    if (fault.kind === 'lasting' && event.durationMs <= 0)
      throw new HarnessError('BAD_PLAN', `${what} needs a duration`, { hint: `for example ${what}+5s` });
    if (event.atMs + event.durationMs >= endMs)
      throw new HarnessError('BAD_PLAN', `${what} does not end before the run does, after ${formatDuration(endMs)}`, {
        hint: 'times count from the start of the recorded part; make it earlier, or the run longer',
      });
    return { ...event, parameters: parseParameters('fault', fault, event.parameters ?? {}) };
  });
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
