/** The servers that plans need beside the one Redis and the one Postgres. */
import type { EnvironmentId } from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { ServerNeed, StoreKind } from '../contract/store-kind.ts';

/** The server that a plan needs which reads from a replica. */
const REPLICA: ServerNeed = { name: 'postgres-replica', kind: 'postgres-replica' };

/** What the stores of all plans need, and their replica of Postgres, each server once. */
export function serversOf(plans: readonly RunPlan[], stores: ReadonlyMap<string, StoreKind>): ServerNeed[] {
  const needs = plans.flatMap(({ store, readReplica }) => [
    ...(stores.get(store.id)?.servers?.(store.parameters) ?? []),
    ...(readReplica ? [REPLICA] : []),
  ]);
  return [...new Map(needs.map((need) => [need.name, need])).values()];
}

/**
 * The servers of a store.
 *
 * @throws HarnessError BAD_PLAN where the environment starts none
 */
export function planServers(
  store: StoreKind,
  parameters: Record<string, unknown>,
  environment: EnvironmentId,
): readonly ServerNeed[] {
  const servers = store.servers?.(parameters) ?? [];
  if (environment === 'external' && servers.length > 0)
    throw new HarnessError(
      'BAD_PLAN',
      `the store '${store.id}' needs ${servers.map(({ name }) => name).join(', ')}, and --env external starts no servers`,
      { hint: 'use --env local or docker for this store, or --store redis' },
    );
  return servers;
}
