/**
 * Whether a service of the user's own can be measured in the way that was asked for. Defences, stores, write and stock
 * strategies and workloads are parts of the reference shop; what a profile wants of them, another service cannot have.
 */
import type { EnvironmentId } from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { LoadOperation } from '../contract/load.ts';
import type { PlannedPart } from '../contract/plan.ts';
import type { FaultEvent, Profile, ProfileShape } from '../contract/profile.ts';
import type { Dependency, Target } from '../contract/target.ts';
import { formatDuration } from '../kit/units.ts';
import type { Catalogue } from './catalogue.ts';

const BOTH: readonly Dependency[] = ['redis', 'postgres'];

/** What stands in the plan in place of a store of ours. */
export const OWN_STORE: PlannedPart = { id: 'own', parameters: {}, file: null };

/**
 * Refuses a place in which the target cannot be.
 *
 * @throws HarnessError BAD_PLAN with the place that would do
 */
export function refusePlace(target: Target, environment: EnvironmentId): void {
  const { command } = target;
  const refuse = (why: string, hint: string): never => {
    throw new HarnessError('BAD_PLAN', `'${target.id}' cannot run with --env ${environment}: ${why}`, { hint });
  };
  if ('urls' in command && environment !== 'none')
    refuse('it is a service that runs already, and nothing is started for it', 'leave out --env, or --env none');
  if ('image' in command && environment !== 'docker') refuse('it is an image', 'use --env docker');
  if ('argv' in command && environment === 'docker')
    refuse('it is a command of this machine, which no container has', 'use --env local, or describe it by an image');
  const needs = target.needs ?? BOTH;
  if (environment === 'none' && needs.length > 0)
    refuse(`it needs ${needs.join(' and ')}, and none starts no servers`, 'use --env local or docker');
}

/**
 * Refuses what an own target cannot have.
 *
 * @param faults of the profile and of the command line
 * @throws HarnessError BAD_PLAN with both names and the profiles that would do
 */
export function refuseUnfit(
  profile: Profile,
  shape: ProfileShape,
  faults: readonly FaultEvent[],
  edge: string | null,
  catalogue: Catalogue,
): void {
  const { target } = catalogue;
  const misfit = misfitOf(profile.id, shape, target);
  if (misfit !== null) throw new HarnessError('BAD_PLAN', misfit, { hint: hintOf(catalogue) });
  const hasRedis = (target.needs ?? BOTH).includes('redis');
  for (const { fault, atMs } of faults)
    if (!hasRedis && (catalogue.faults.get(fault)?.needs.length ?? 0) > 0)
      throw new HarnessError(
        'BAD_PLAN',
        `${fault}@${formatDuration(atMs)}: '${target.id}' has no Redis of ours that could be broken`,
        {
          hint: "faults need a service that is started with a Redis of ours: command, and needs: ['redis'], in the config",
        },
      );
  if (edge === 'nginx' && !('argv' in target.command))
    throw new HarnessError('BAD_PLAN', `an edge is put before a command only, and '${target.id}' is none`, {
      hint: 'use --edge none',
    });
}

/** Why a profile and an own target do not go together; null where they do. */
function misfitOf(id: string, shape: ProfileShape, target: Target): string | null {
  const of = (what: string): string => `the profile '${id}' ${what}, which the target '${target.id}' has not got`;
  if (shape.workload) return of(`plays on the workload '${shape.workload.id}' of the reference shop`);
  if (shape.stock !== null) return of(`sells with the stock strategy '${shape.stock}' of the reference shop`);
  if (shape.store) return of(`keeps values in the store '${shape.store.id}' of the reference shop`);
  if (shape.redisConfig && !(target.needs ?? BOTH).includes('redis')) return of('sets up a Redis of ours');
  return null;
}

/** The profiles whose default shape fits, by name. */
function hintOf({ profiles, target }: Catalogue): string {
  const fitting = [...profiles.values()].flatMap((profile) => {
    const parameters = profile.parameters.safeParse({});
    if (!parameters.success) return [];
    try {
      const shape = profile.shape(parameters.data);
      const mapped = shape.traffic.operations.every(
        ({ operation, weight }) => weight === 0 || target.operations[operation],
      );
      return mapped && misfitOf(profile.id, shape, target) === null ? [profile.id] : [];
    } catch {
      // One that reads a file has nothing to read yet.
      return [];
    }
  });
  const instead = `--target shop measures the reference shop`;
  return fitting.length === 0 ? instead : `profiles that fit it: ${fitting.join(', ')}; ${instead}`;
}

/**
 * The instances of a run: for a service that runs already as many as it has addresses.
 *
 * @param chosen the setting, and whether somebody chose it
 * @throws HarnessError BAD_PLAN where another number was chosen
 */
export function instancesOf(target: Target, chosen: { instances: number; byDefault: boolean }): number {
  if (!('urls' in target.command)) return chosen.instances;
  const { length } = target.command.urls;
  if (!chosen.byDefault && chosen.instances !== length)
    throw new HarnessError(
      'BAD_PLAN',
      `'${target.id}' runs already, at ${length} address${length === 1 ? '' : 'es'}: ${chosen.instances} instances cannot be had`,
      {
        hint: 'name one URL for each instance',
      },
    );
  return length;
}

/** The profile's checks, without the one of identity where no request says by what an answer names its key. */
export function checksFor(checks: readonly string[], operations: readonly LoadOperation[]): string[] {
  const named = operations.some(({ request }) => request.identity !== undefined);
  return checks.filter((id) => named || id !== 'identity');
}
