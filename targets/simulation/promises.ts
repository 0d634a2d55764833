/**
 * What a stack promises, derived from what its defences declare about themselves: layer, scope, what they keep, and
 * the parameters that bound a wait. A defence that is added later is thereby judged without a line here.
 */
import type { Defence } from '../../harness/contract/defence.ts';
import type { Promises } from '../../harness/simulate/invariants.ts';
import type { StackMember } from '../reader/stack.ts';

/** Parameters that say how long a process that died may block others. */
const HOLDS = ['lockTtlMs', 'leaseMs'];
/** Parameters that say how long a reader waits for others at most. */
const WAITS = ['maxWaitMs', 'maxFlightMs'];
/** Parameters that say how long a cache that failed is not tried again; each may happen several times. */
const RESTS = ['openMs', 'windowMs'];
const TRIES = 3;
/** Get, lock, look again, set: as many as any coordination needs; tiers may double them. */
const OPERATIONS_PER_READ = 6;

/**
 * @param instances an invalidation in another process is not seen by a defence inside one
 * @param crashes a fill that a dead process had sent may land after the invalidation by the next one
 */
export function promisesOf(stack: readonly StackMember[], instances: number, crashes: boolean): Promises {
  const scopes = new Set(stack.map(({ defence }) => defence.scope));
  const layers = new Set(stack.map(({ defence }) => defence.layer));
  const alone = instances === 1 && !crashes;
  const cluster = scopes.has('cluster');
  const process = scopes.has('process');
  // A tier may hold copies of its own, which hear of an invalidation a message later.
  const tiers = layers.has('tier');
  const coordinating = stack.filter(({ defence }) => defence.layer === 'coordination');
  const guarding = stack.filter(({ defence }) => defence.layer === 'guard');
  const safeFills = !tiers && (cluster || (process && alone));
  // A flight inside one process is shared with readers that come after another process has invalidated.
  const safeReads = safeFills && (alone || !process);
  return {
    afterInvalidation: tiers ? 'in the end' : safeReads ? 'always' : 'unless an older load was in flight',
    cachedVersion: safeFills ? 'never goes back' : 'may go back',
    queriesAtOnce: layers.has('guard')
      ? 'any number'
      : cluster
        ? 'one in the cluster'
        : process
          ? 'one in each process'
          : 'any number',
    holdMs: cluster ? largest(coordinating, HOLDS) : 0,
    pollMs: largest(stack, ['pollMs']),
    maxWaitMs: largest(coordinating, WAITS) || Infinity,
    queueMs: largest(guarding, WAITS),
    keepMs: Math.max(0, ...stack.map(keepOf)),
    recoverMs: TRIES * largest(guarding, RESTS),
    operationsPerRead: tiers ? 2 * OPERATIONS_PER_READ : OPERATIONS_PER_READ,
  };
}

function largest(stack: readonly StackMember[], names: readonly string[]): number {
  const values = stack.flatMap(({ defence, parameters }) =>
    Object.entries(defence.parameters.parse(parameters)).map(([name, value]) =>
      names.includes(name) && typeof value === 'number' ? value : 0,
    ),
  );
  return Math.max(0, ...values);
}

function keepOf({ defence, parameters }: { defence: Defence; parameters: Record<string, unknown> }): number {
  return defence.keepAfterTtlMs?.(defence.parameters.parse(parameters)) ?? 0;
}
