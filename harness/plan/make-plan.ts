/**
 * Profile × target × defence × faults × settings → one frozen plan. Everything that can be known to be wrong before
 * something starts is refused here, and all problems are told at once.
 */
import type { EnvironmentId } from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { Provenance, RunPlan } from '../contract/plan.ts';
import type { FaultEvent, ProfileShape } from '../contract/profile.ts';
import { unknownName } from '../kit/suggest.ts';
import type { Catalogue } from './catalogue.ts';
import { planEdge } from './edge.ts';
import { checksFor, instancesOf, OWN_STORE, refusePlace, refuseUnfit } from './own-target-fit.ts';
import { byOwner, parseParameters } from './parameters.ts';
import {
  mapOperations,
  pick,
  planFaults,
  planPart,
  planStack,
  planStock,
  planWrite,
  refuseFaultsWithoutHelper,
} from './plan-parts.ts';
import { predictFor } from './predict.ts';
import { planReplica } from './read-replica.ts';
import { planServers } from './servers.ts';
import type { Settings } from './settings.ts';

const DEFAULT_WRITE = 'invalidate-after-write';
const DEFAULT_STORE = 'redis';

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
  const { target } = catalogue;
  // Cache, stampede defence and writes of a service of the user's own are its own business.
  const ours = target.own !== true;
  attempt(() => refusePlace(target, input.environment));
  const storeKind = ours ? attempt(() => pick('store', storeId, catalogue.stores)) : null;
  const storeDefaults = shape?.store?.id === storeId ? shape.store.parameters : {};
  const store = ours ? storeKind && attempt(() => planPart('store', storeKind, given, storeDefaults)) : OWN_STORE;
  const servers = storeKind && store && attempt(() => planServers(storeKind, store.parameters, input.environment));
  const stack = ours ? storeKind && attempt(() => planStack(input.defence, storeKind, catalogue, given)) : [];
  const stock = !ours ? null : shape && attempt(() => planStock(input.stock ?? shape.stock, shape, catalogue, given));
  const edge =
    shape && attempt(() => planEdge(input.edge ?? shape.edge ?? 'none', input.environment, given.get('edge')));
  const readReplica =
    shape && attempt(() => planReplica(shape.postgres, catalogue.target, input.environment, given.get('postgres')));
  const situation =
    !ours || shape?.workload === undefined
      ? null
      : attempt(() => pick('workload', shape.workload!.id, catalogue.workloads));
  const workload = situation && attempt(() => planPart('workload', situation, given, shape!.workload!.parameters));
  const write = ours
    ? shape &&
      attempt(() => planWrite(input.write ?? shape.write ?? DEFAULT_WRITE, storeId, catalogue, shape, situation, given))
    : null;
  if (!ours && shape)
    attempt(() => refuseUnfit(profile, shape, [...shape.events, ...input.faults], edge?.id ?? null, catalogue));
  const operations = shape && attempt(() => mapOperations(profile, shape, situation, target));
  const instances = attempt(() =>
    instancesOf(target, {
      instances: settings.instances,
      byDefault: (input.provenance['instances'] ?? 'default') === 'default',
    }),
  );
  const faults =
    shape &&
    attempt(() =>
      planFaults([...shape.events, ...input.faults], recordedMs(shape), catalogue.faults, input.environment, {
        id: storeId,
        servers: servers ?? [],
      }),
    );
  for (const text of settings.threshold) attempt(() => input.checkThreshold(text));
  const owners = [
    '',
    'edge',
    'postgres',
    ...[...(stack ?? []), store, stock, write, workload].flatMap((part) => part?.id ?? []),
  ];
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
  const stackText = ours ? stack!.map((d) => d.id).join('+') : target.id;
  // Whoever sets the pool, in whatever way, is stronger than the profile.
  const poolOfProfile = (input.provenance['postgresPool'] ?? 'default') === 'default' ? (s.postgresPool ?? null) : null;
  const plan: RunPlan = {
    planVersion: 1,
    profile: { id: profile.id, title: profile.title, prose: profile.prose, parameters: parameters! },
    target: { id: target.id, title: target.title },
    defence: stackText,
    stack: stack!,
    // A name is shorter than its members, which stand beside it.
    label: input.label ?? (!ours ? target.title : catalogue.stacks.has(input.defence) ? input.defence : stackText),
    store: store!,
    write: write ?? null,
    workload,
    stock: stock ?? null,
    edge: edge ?? null,
    ...(readReplica && { readReplica }),
    purchasesPerUser: s.purchasesPerUser,
    ...(s.perUserPerSec === undefined ? {} : { perUserPerSec: s.perUserPerSec }),
    environment: input.environment,
    instances: instances!,
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
    checks: ours ? [...s.checks] : checksFor(s.checks, operations!),
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
  refuseFaultsWithoutHelper(plan, catalogue);
  return freeze({ ...plan, prediction: ours ? predictFor(plan, catalogue.defences) : null });
}

/** Length of the recorded part, ms. */
function recordedMs(shape: ProfileShape): number {
  return shape.traffic.segments.filter((s) => s.recorded).reduce((sum, s) => sum + s.durationMs, 0);
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
