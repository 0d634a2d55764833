/** The HTTP cache in front of the instances, as it is planned: which one, and what the service tells it to keep. */
import { z } from 'zod';
import type { EnvironmentId } from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { RunPlan } from '../contract/plan.ts';
import { unknownName } from '../kit/suggest.ts';
import { parseParameters } from './parameters.ts';

const seconds = (fallback: number) => z.int().min(0).max(86_400).default(fallback);

const parameters = z.object({
  sMaxAgeSec: seconds(2).describe('how long the edge keeps a page as fresh (s-maxage), s; 0 keeps nothing'),
  staleWhileRevalidateSec: seconds(10).describe(
    'how long after that it may show the old page while it fetches the new one, s (RFC 5861)',
  ),
  maxAgeSec: seconds(0).describe('how long a browser keeps a page (max-age), s; the generators keep nothing'),
  lock: z.boolean().default(true).describe('one request at a time fetches a page that the edge has not got'),
});

/**
 * @param id `none` or `nginx`
 * @param given parameters `edge.*`; read also where there is no edge, so that a comparison with and without can have them
 * @throws HarnessError UNKNOWN_NAME, BAD_PARAMETER; BAD_PLAN where the environment starts no servers
 */
export function planEdge(id: string, environment: EnvironmentId, given: Record<string, unknown> = {}): RunPlan['edge'] {
  if (id !== 'none' && id !== 'nginx') throw unknownName('edge', id, ['none', 'nginx']);
  const parsed = parameters.parse(parseParameters('edge', { id: 'edge', parameters }, given));
  if (id === 'none') return null;
  if (environment === 'external' || environment === 'none')
    throw new HarnessError('BAD_PLAN', `an edge has to be started, and --env ${environment} starts no servers`, {
      hint: 'use --env local or docker, or --edge none',
    });
  return { id, parameters: parsed };
}
