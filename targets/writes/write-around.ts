/** The write passes the cache by: nobody tells it anything, and the TTL alone ends the old value. */
import { z } from 'zod';
import { defineWriteStrategy } from '../../harness/contract/write.ts';
import { nothingQueued } from './_tell-cache.ts';

export default defineWriteStrategy({
  id: 'write-around',
  title: 'Around the cache: the TTL alone',
  prose:
    'Only the database is written. The cached value is served until its TTL ends, so that readers are behind by up to ' +
    'one TTL, and a user does not see what he has just saved. Costs nothing, cannot fail, and cannot race with ' +
    'readers; right for what is written often and read rarely, or where an old value for some seconds harms nobody.',
  source: 'Term of storage caching (write-around); see also RFC 9111, section 4.2, freshness by expiration alone.',
  parameters: z.object({}),
  needs: [],
  create: ({ database }) =>
    Promise.resolve({
      ...nothingQueued,
      async write(request) {
        const written = await database.write(request);
        return written && { version: written.version, cacheTold: false };
      },
    }),
});
