/** An example of a defence of one's own: one file that answers one question, "is what was found good enough?". */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';

export default defineDefence({
  id: 'refresh-at-half',
  layer: 'freshness',
  title: 'Refresh at half of the TTL',
  prose: 'The first read in the second half of the TTL is served at once and refreshes the value behind the answer.',
  source: 'Example.',
  parameters: z.object({
    after: z.number().min(0).max(1).default(0.5).describe('Share of the TTL after which a read refreshes'),
  }),
  needs: ['get', 'set', 'delete'],
  create: ({ clock, parameters }) => ({
    judge({ storedAtMs, expiresAtMs }) {
      const age = (clock.nowMs() - storedAtMs) / (expiresAtMs - storedAtMs);
      if (age >= 1) return { is: 'gone' };
      return age < parameters.after ? { is: 'fresh' } : { is: 'due', reader: 'goes on' };
    },
  }),
});
