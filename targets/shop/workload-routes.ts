/** The route of a workload's operations: numbers in, what the workload answers out, with the headers of every page. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { messageOf } from '../../harness/contract/errors.ts';
import { OPERATIONS } from '../../harness/contract/operation.ts';
import type { Log } from '../../harness/contract/time.ts';
import type { WorkloadService } from '../../harness/contract/workload.ts';
import { cacheStatus, entityTag } from './headers.ts';
import type { ShopMetrics } from './metrics.ts';
import { checked } from './validation.ts';

const params = z.object({ operation: z.enum(OPERATIONS), key: z.coerce.number().int().min(0) });
const querystring = z.object({ user: z.coerce.number().int().default(0), id: z.string().max(200).default('') });

/** Registers `/workload/:operation/:key` for GET and POST. */
export function registerWorkload(
  app: FastifyInstance,
  parts: { workload: WorkloadService; metrics: ShopMetrics; log: Log },
): void {
  const { workload, metrics, log } = parts;
  app.route<{ Params: z.infer<typeof params>; Querystring: z.infer<typeof querystring> }>({
    method: ['GET', 'POST'],
    url: '/workload/:operation/:key',
    ...checked({ params, querystring }),
    handler: async ({ params: { operation, key }, query }, reply) => {
      const name = `${operation}:${key}`;
      const handler = workload.handlers[operation];
      if (handler === undefined) return reply.code(501).send({ key: name, error: 'not an operation of this workload' });
      let answer;
      try {
        answer = await handler({ key, user: query.user, id: query.id });
      } catch (error) {
        log.warn(`${name} failed: ${messageOf(error)}`);
        return reply.code(502).send({ key: name, error: 'a server behind the shop did not answer' });
      }
      if (answer.cache !== undefined) {
        metrics.outcome(answer.cache);
        reply.header('cache-status', cacheStatus(answer.cache));
      }
      if (answer.version !== undefined) reply.header('etag', entityTag(name, answer.version));
      if (answer.retryAfterSec !== undefined) reply.header('retry-after', String(answer.retryAfterSec));
      return reply.code(answer.status).send({ key: name, ...answer.body });
    },
  });
}
