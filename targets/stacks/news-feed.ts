/** What to begin with for a news feed or a front page. */
import { defineStack } from '../../harness/contract/named-stack.ts';

export default defineStack({
  id: 'news-feed',
  title: 'For a news feed',
  for: 'feeds and front pages: read by everybody, dear to make, and a feed of a minute ago is better than none',
  prose:
    'Availability before age. After the TTL the old feed is served at once while one instance makes the new one: ' +
    'stale-while-revalidate decides that nobody waits, and the lock that it is one load in all instances. Values are ' +
    'served for ten minutes after their TTL, so that a slow or failing database is not seen for that long. Two-tier ' +
    'keeps copies of what everybody reads in each process for a second, so that a front page costs next to no ' +
    'operation of Redis. Single-flight shares the cold load of a feed that nobody has. Jitter keeps feeds apart that ' +
    'were made together. Costs memory for what is kept, and shows old news by design; a feed that nobody has is ' +
    'waited for.',
  members: 'two-tier+stale-while-revalidate+single-flight+lock-wait+jitter',
  parameters: { 'two-tier': { ttlMs: 1000 }, 'stale-while-revalidate': { swrMs: 600_000 } },
});
