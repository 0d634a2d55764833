/**
 * Redis answers late: a latency toxic on every Redis proxy delays what comes back. A slow cache is worse than none
 * for a client without a time limit, and a good one for finding out whether there is a limit.
 */
import { z } from 'zod';
import { defineFault } from '../contract/fault.ts';
import { confirmToxic, injectToxic, undoToxic } from './engine/wire.ts';

const TOXIC = 'cachequake-redis-latency';

export default defineFault({
  id: 'redis-latency',
  title: 'Redis slow',
  prose:
    'Every answer of Redis is delayed, on open and on new connections. Pipelined commands are delayed together, not one after the other.',
  incident:
    'DynamoDB, 20 September 2015: answers that came later than the clients waited were asked for again, and the retries kept the service overloaded.',
  kind: 'lasting',
  needs: ['proxy'],
  parameters: z.object({
    latencyMs: z.coerce.number().int().min(0).max(60_000).default(200).describe('Delay added to each answer, ms.'),
    jitterMs: z.coerce
      .number()
      .int()
      .min(0)
      .max(60_000)
      .default(0)
      .describe('The delay varies evenly by up to this much either way, ms.'),
    toxicity: z.coerce.number().min(0).max(1).default(1).describe('Share of connections that are slow, 0 to 1.'),
  }),
  undo: (context) => undoToxic(context, TOXIC),
  inject: (context, { latencyMs, jitterMs, toxicity }) =>
    injectToxic(context, {
      name: TOXIC,
      type: 'latency',
      stream: 'downstream',
      toxicity,
      attributes: { latency: latencyMs, jitter: jitterMs },
    }),
  confirm: (context, { latencyMs, jitterMs }) =>
    confirmToxic(context, TOXIC, `slowed by ${latencyMs} ms${jitterMs > 0 ? ` ± ${jitterMs} ms` : ''}`),
});
