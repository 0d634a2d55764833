/**
 * Runs a plan in virtual time: the same seeded sequence of requests that the generators would send, the same defences,
 * a database that takes as long as the plan says. What comes out bears the names of the measures of a real run.
 */
import type { LoadEvent } from '../contract/defence.ts';
import { HarnessError } from '../contract/errors.ts';
import type { RunPlan } from '../contract/plan.ts';
import { loadModule } from '../kit/load-modules.ts';
import { RequestSequence } from '../load/request-sequence.ts';
import { predictFor } from '../plan/predict.ts';
import { createMeter } from '../simulate/meter.ts';
import { simulate } from '../simulate/simulation.ts';
import type { Arrival, Traffic } from '../simulate/traffic.ts';
import { rebuildEpisodes } from '../verdict/expiries.ts';
import type { StackMember } from '../../targets/reader/stack.ts';
import { readersOf } from '../../targets/simulation/join.ts';
import type { FullCatalogue } from './catalogue.ts';

export interface SimulatedRun {
  defence: string;
  instances: number;
  reads: number;
  /** Values by measure id. */
  measures: Record<string, number | null>;
  /** What of the plan is not simulated, in words. */
  notes: string[];
}

export interface SimulatePlanOptions {
  catalogue: FullCatalogue;
  /** One round trip to the cache, ms. */
  networkMs: number;
}

const keyName = (key: number): string => `product:${key}`;
/** How long a write takes in the database, ms. */
const WRITE_MS = 2;

/** @throws HarnessError BAD_PLAN for what cannot be simulated: a closed loop, or a load of unknown length */
export async function simulatePlan(
  plan: RunPlan,
  { catalogue, networkMs }: SimulatePlanOptions,
): Promise<SimulatedRun> {
  const { load, dataset, service, instances } = plan;
  if (load.engine !== 'open-loop')
    throw new HarnessError('BAD_PLAN', 'only the open loop can be simulated: a closed loop has no arrival times');
  if (dataset.cost.kind !== 'wait')
    throw new HarnessError('BAD_PLAN', 'a load that is real work has no known length to simulate', {
      hint: 'give it one, for example --set recomputeMs=60',
    });
  const recomputeMs = dataset.cost.waitMs;
  const stack = await stackOf(plan, catalogue);
  const fromMs = unrecordedMs(plan);
  const meter = createMeter(fromMs);
  const passedOver = new Map<string, number>();
  const outcome = await simulate({
    seed: plan.seed,
    instances,
    traffic: trafficOf(plan, passedOver),
    network: { minMs: networkMs / 4, meanExtraMs: networkMs / 4, stallShare: 0, stallMs: 0 },
    database: {
      serviceMs: recomputeMs,
      serviceSpread: 0,
      concurrency: service.postgresPool * instances,
      exists: (key) => Number(key.slice(key.indexOf(':') + 1)) < dataset.products,
    },
    writeMs: WRITE_MS,
    crashes: null,
    drainMs: load.timeoutMs,
    ...readersOf(stack, {
      ttlMs: plan.ttlMs,
      loadDeadlineMs: service.postgresTimeoutMs,
      preload: { keys: Array.from({ length: dataset.preloadKeys }, (_, i) => keyName(i)), recomputeMs },
    }),
    observer: meter.observer,
  });
  return {
    defence: plan.defence,
    instances,
    reads: outcome.reads,
    measures: {
      'db.loadsPerExpiry': loadsPerExpiry(plan, meter.loads, fromMs),
      'db.loadsPerExpiryPredicted': predictFor(plan, catalogue.defences)?.loadsPerExpiry ?? null,
      ...meter.measures(outcome),
    },
    notes: [
      ...(stack.some(({ defence }) => defence.usesAccessLog)
        ? ['the access log is empty at the start: nothing is warmed up before the first read']
        : []),
      ...(plan.readReplica ? ['the replica is not simulated: pages are read from the one database'] : []),
      ...(plan.faults.length > 0 ? ['faults are not simulated: look at the phase before them'] : []),
      ...[...passedOver].map(([operation, count]) => `${count} requests of '${operation}' are not simulated`),
    ],
  };
}

function stackOf(plan: RunPlan, { defences }: FullCatalogue): Promise<StackMember[]> {
  return Promise.all(
    plan.stack.map(async ({ id, parameters, file }) => {
      const defence = defences.get(id) ?? (file === null ? undefined : await loadModule(file, 'defence'));
      if (!defence) throw new HarnessError('UNKNOWN_NAME', `there is no defence '${id}' (any more)`);
      return { defence, parameters };
    }),
  );
}

function unrecordedMs({ load }: RunPlan): number {
  const first = load.segments.findIndex(({ recorded }) => recorded);
  return load.segments.slice(0, Math.max(0, first)).reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/** Reads and writes of items in the order and at the times of the generators; other operations are counted only. */
function trafficOf({ load }: RunPlan, passedOver: Map<string, number>): Traffic {
  const sequence = new RequestSequence(load, 0, 1, true);
  const arrival: Arrival = { atMs: 0, key: '', kind: 'read' };
  return () => {
    while (sequence.next()) {
      const { operation } = load.operations[sequence.operation]!;
      if (operation !== 'read-item' && operation !== 'write-item') {
        passedOver.set(operation, (passedOver.get(operation) ?? 0) + 1);
        continue;
      }
      arrival.atMs = sequence.atMs;
      arrival.key = keyName(sequence.key);
      arrival.kind = operation === 'read-item' ? 'read' : 'write';
      return arrival;
    }
    return null;
  };
}

/** Counted as in a real run, whole rebuilds only. */
function loadsPerExpiry({ hotKey }: RunPlan, loads: readonly LoadEvent[], fromMs: number): number | null {
  if (hotKey === null) return null;
  const own = loads
    .filter(({ key, cause }) => key === keyName(hotKey.key) && cause !== 'bypass')
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  const whole = rebuildEpisodes(own).filter(
    ({ startedAtMs, endedAtMs, longestLoadMs }) => endedAtMs < Infinity && startedAtMs - fromMs >= longestLoadMs,
  );
  return whole.length === 0 ? null : whole.reduce((sum, episode) => sum + episode.loads, 0) / whole.length;
}
