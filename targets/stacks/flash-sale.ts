/** What to begin with for the page of a flash sale. */
import { defineStack } from '../../harness/contract/named-stack.ts';

export default defineStack({
  id: 'flash-sale',
  title: 'For the page of a flash sale',
  for: 'one page that everybody wants, a crowd that comes within a second, a short TTL',
  prose:
    'One load at a time, whatever comes. XFetch makes the next page before the TTL ends, so that nobody waits while ' +
    'the sale runs; the lock makes that one load in all instances, and holds where XFetch cannot: at the opening, ' +
    'when the page is cold and the crowd is there. Single-flight in front of the lock lets one reader of each ' +
    'instance poll instead of thousands, and shares a failure instead of repeating it. When the cache goes, the ' +
    'breaker serves the page that each instance has last seen, and sheds what it has not, instead of sending the ' +
    'crowd to the database. As long as the cache answers nothing older than the TTL is served. Counting the stock is ' +
    'not a matter of this cache: that is the stock strategy.',
  members: 'xfetch+single-flight+lock-wait+breaker',
  parameters: {
    // A page takes milliseconds to make: a holder that died must not hold up the sale for the default five seconds.
    'lock-wait': { lockTtlMs: 2000, pollMs: 10, maxWaitMs: 3000 },
    breaker: { onCacheFailure: 'stale' },
  },
});
