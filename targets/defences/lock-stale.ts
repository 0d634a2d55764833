/** A lock across instances whose losers serve the old value while the holder loads. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import { createLocking, inHand, lockParameters, predictLock } from './_lock.ts';

export default defineDefence({
  id: 'lock-stale',
  layer: 'coordination',
  scope: 'cluster',
  title: 'Distributed lock, losers serve stale',
  prose:
    'As lock-wait, but entries are kept for a while after their TTL, and a reader that loses the lock serves the old ' +
    'value at once. One load per expiry, and only its maker waits. Costs memory for what is kept, and answers that ' +
    'are older than the TTL. On a cold miss or after an invalidation there is no old value: losers wait as in ' +
    'lock-wait. When the cache is away there is no lock and no old value.',
  source: 'Redis documentation, SET … NX PX with a token; stale values as in Nishtala et al., NSDI 2013.',
  parameters: z.object({
    ...lockParameters,
    staleMs: z
      .number()
      .nonnegative()
      .default(30_000)
      .describe('How long after its TTL a value is kept and may be served while somebody loads, ms'),
  }),
  needs: ['get', 'set', 'delete', 'lock'],
  keepAfterTtlMs: ({ staleMs }) => staleMs,
  predict: ({ recomputeSec, parameters }) => predictLock(recomputeSec, parameters.lockTtlMs),
  create(context) {
    const locking = createLocking(context);
    return {
      scope: 'cluster',
      async lead(request) {
        return (
          (await locking.tryToLead(request, 0)) ??
          inHand(request, context.clock.nowMs(), context.parameters.staleMs) ??
          (await locking.waitForIt(request))
        );
      },
    };
  },
});
