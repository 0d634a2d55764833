/** A lock across instances whose losers wait for the holder's value. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import { createLocking, inHand, lockParameters, predictLock } from './_lock.ts';

export default defineDefence({
  id: 'lock-wait',
  layer: 'coordination',
  scope: 'cluster',
  title: 'Distributed lock, losers wait',
  prose:
    'On a miss one reader of all instances takes a lock in the cache and loads; the others look again every few ' +
    'milliseconds until the value is there. One load per expiry, whatever the number of instances. Readers still ' +
    'wait as long as the load takes, and each of them costs operations on the cache. With a lock TTL shorter than ' +
    'the load about ⌈δ / lock TTL⌉ loads are made, and then the lock no longer guards against an invalidation during ' +
    'the load. A failing loader is tried by one waiter after the other, unless single-flight stands in front. A ' +
    'reader that waited too long is shed. When the cache is away there is no lock either: every reader loads.',
  source: 'Redis documentation, SET … NX PX with a token and compare-and-delete.',
  parameters: z.object(lockParameters),
  needs: ['get', 'set', 'delete', 'lock'],
  predict: ({ recomputeSec, parameters }) => predictLock(recomputeSec, parameters.lockTtlMs),
  create(context) {
    const locking = createLocking(context);
    return {
      scope: 'cluster',
      async lead(request) {
        return (
          (await locking.tryToLead(request, 0)) ??
          inHand(request, context.clock.nowMs()) ??
          (await locking.waitForIt(request))
        );
      },
    };
  },
});
