/** Delete first, then the database: looks careful, and is wrong for every reader that comes in between. */
import { z } from 'zod';
import { defineWriteStrategy } from '../../harness/contract/write.ts';
import { nothingQueued, tellCache } from './_tell-cache.ts';

export default defineWriteStrategy({
  id: 'delete-before-write',
  title: 'Delete from the cache, then the database',
  prose:
    'The cached value is deleted, then the row is changed. Any reader between the two loads the old row and fills the ' +
    'cache with it again: the more readers and the slower the write, the surer. The old value then stays until its TTL ' +
    'ends. It has one merit: a process that dies between the two steps leaves no old value behind. Here to be seen ' +
    'failing; delete after the write instead.',
  source:
    'Fowler: Patterns of Enterprise Application Architecture, 2002; the cache-aside notes of most vendors warn of it.',
  parameters: z.object({}),
  needs: ['delete'],
  create: ({ database, invalidate, log }) =>
    Promise.resolve({
      ...nothingQueued,
      async write(request) {
        const cacheTold = await tellCache(log, request.key, invalidate(request.key));
        const written = await database.write(request);
        return written && { version: written.version, cacheTold };
      },
    }),
});
