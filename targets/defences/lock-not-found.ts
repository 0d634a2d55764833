/** A lock across instances whose losers are turned away at once: nobody waits, and the client tries again. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import { emptyAnswer } from '../reader/answers.ts';
import { createTryToLead, inHand, lockParameters, predictLock } from './_lock.ts';

export default defineDefence({
  id: 'lock-not-found',
  layer: 'coordination',
  scope: 'cluster',
  title: 'Distributed lock, losers are turned away',
  prose:
    'As lock-wait, but a reader that loses the lock is answered at once without a value (shed; over HTTP 503 with ' +
    'Retry-After, never 404, which others would remember), and the client copes: it tries again, or shows the page ' +
    'without that part. One load per expiry, no waiting reader, no polling, so that neither connections nor memory ' +
    'pile up behind a slow load. Helps where a missing part is better than a late page. Hurts where clients retry at ' +
    'once or not at all: every reader that comes during a load is turned away, about λδ of them per expiry. A reader ' +
    'that still has a good value in hand (an early refresh) serves it. A holder that dies leaves everyone turned away ' +
    'until its lock has run out. When the cache is away there is no lock: every reader loads.',
  source: 'Redis documentation, SET … NX PX with a token; Wikipedia, Cache stampede, "return a not-found".',
  parameters: z.object({ lockTtlMs: lockParameters.lockTtlMs }),
  needs: ['get', 'set', 'delete', 'lock'],
  turnsReadersAway: true,
  predict: ({ recomputeSec, parameters }) => predictLock(recomputeSec, parameters.lockTtlMs),
  create(context) {
    const tryToLead = createTryToLead(context);
    return {
      scope: 'cluster',
      async lead(request) {
        return (await tryToLead(request, 0)) ?? inHand(request, context.clock.nowMs()) ?? emptyAnswer('shed');
      },
    };
  },
});
