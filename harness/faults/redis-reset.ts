/**
 * Connections to Redis are reset again and again: a reset_peer toxic ends each with a TCP RST once data flows. It
 * finds clients that retry without back-off and requests that are lost with their connection.
 */
import { z } from 'zod';
import { defineFault } from '../contract/fault.ts';
import { confirmToxic, injectToxic, undoToxic } from './engine/wire.ts';

const TOXIC = 'cachequake-redis-reset';

export default defineFault({
  id: 'redis-reset',
  title: 'Redis connections reset',
  prose:
    'Each connection is ended by a TCP reset some time after its first data. New connections are accepted, and meet the same end, until the fault ends.',
  incident:
    'Square, 16 March 2017: clients that retried on Redis errors without a back-off kept Redis overloaded after the trigger was gone.',
  kind: 'lasting',
  needs: ['proxy'],
  parameters: z.object({
    afterMs: z.coerce
      .number()
      .int()
      .min(0)
      .max(60_000)
      .default(0)
      .describe('How long after its first data a connection is reset, ms.'),
    toxicity: z.coerce.number().min(0).max(1).default(1).describe('Share of connections that are reset, 0 to 1.'),
  }),
  undo: (context) => undoToxic(context, TOXIC),
  inject: (context, { afterMs, toxicity }) =>
    injectToxic(context, {
      name: TOXIC,
      type: 'reset_peer',
      stream: 'downstream',
      toxicity,
      attributes: { timeout: afterMs },
    }),
  confirm: (context) => confirmToxic(context, TOXIC, 'reset'),
});
