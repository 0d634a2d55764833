/** Whether the service reads from a replica of Postgres, and how much that lags, as it is planned. */
import { z } from 'zod';
import type { EnvironmentId } from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { PlannedReplica } from '../contract/plan.ts';
import type { ProfileShape } from '../contract/profile.ts';
import type { Target } from '../contract/target.ts';
import { parseParameters } from './parameters.ts';

const parameters = z.object({
  replica: z.boolean().default(false).describe('read from a streaming replica; writes go to the primary'),
  applyDelayMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(0)
    .describe('how much later than the primary the replica applies a commit, at least'),
});

/**
 * @param shaped what the profile chose
 * @param given parameters `postgres.*`, which win over the profile's
 * @returns null where reads and writes go to one Postgres
 * @throws HarnessError BAD_PARAMETER; BAD_PLAN where the environment starts no servers, or the target reads from one only
 */
export function planReplica(
  shaped: ProfileShape['postgres'],
  target: Target,
  environment: EnvironmentId,
  given: Record<string, unknown> = {},
): PlannedReplica | null {
  const { replica, applyDelayMs } = parameters.parse(
    parseParameters('postgres', { id: 'postgres', parameters }, { ...shaped, ...given }),
  );
  if (!replica) return null;
  if (environment === 'external')
    throw new HarnessError(
      'BAD_PLAN',
      'a replica of Postgres has to be started, and --env external starts no servers',
      {
        hint: 'use --env local or docker, or --set postgres.replica=false',
      },
    );
  if (!target.readsFromReplica)
    throw new HarnessError('BAD_PLAN', `the target '${target.id}' does not read from a replica of Postgres`, {
      hint: 'leave it out: --set postgres.replica=false',
    });
  return { applyDelayMs };
}
