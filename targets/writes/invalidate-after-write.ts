/** Database first, then delete: the pattern that nearly everybody uses, and its small, well-known hole. */
import { z } from 'zod';
import { defineWriteStrategy } from '../../harness/contract/write.ts';
import { nothingQueued, tellCache } from './_tell-cache.ts';

export default defineWriteStrategy({
  id: 'invalidate-after-write',
  title: 'Database, then delete from the cache',
  prose:
    'The row is changed, then the cached value is deleted; the next reader loads the new one. Simple, and right nearly ' +
    'always. A reader that loaded before the write and fills after the delete leaves the old value in the cache until ' +
    'its TTL ends; a lease or a versioned write closes that hole. When the cache is away at the moment of the delete, ' +
    'the old value stays until its TTL ends as well.',
  source: 'Nishtala et al.: Scaling Memcache at Facebook, NSDI 2013, section 3; there called "invalidate on write".',
  parameters: z.object({}),
  needs: ['delete'],
  create: ({ database, invalidate, log }) =>
    Promise.resolve({
      ...nothingQueued,
      async write(request) {
        const written = await database.write(request);
        if (written === null) return null;
        const cacheTold = await tellCache(log, request.key, invalidate(request.key));
        return { version: written.version, cacheTold };
      },
    }),
});
