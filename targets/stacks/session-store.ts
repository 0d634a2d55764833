/** What to begin with where sessions, permissions or prices are cached: never older than the last write. */
import { defineStack } from '../../harness/contract/named-stack.ts';

export default defineStack({
  id: 'session-store',
  title: 'For a session store',
  for: 'values that decide what somebody may do: sessions, permissions, balances; written often, never served old',
  prose:
    'A user who has logged out must be out. The lease voids the fill of every load that began before the delete, in ' +
    'whichever instance, which neither cache-aside nor single-flight can; and it keeps nothing after its TTL. ' +
    'Single-flight is for the page that reads its session twenty times at once. The bulkhead bounds what the database ' +
    'carries when the cache is gone: a session that cannot be checked is shed, not guessed. Nothing that serves old ' +
    'values on purpose belongs here, no copies in processes, and nothing that recomputes early: sessions are many, ' +
    'and most are not read again. A reader beside a load waits for it; one that waits too long is shed.',
  members: 'single-flight+lease+bulkhead',
  parameters: { lease: { leaseMs: 3000, pollMs: 10, maxWaitMs: 4000 } },
});
