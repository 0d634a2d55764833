/** Database first, then the new value into the cache: readers never wait, and writers overtake each other. */
import { z } from 'zod';
import { defineWriteStrategy } from '../../harness/contract/write.ts';
import { loadAndSet } from './_entry.ts';
import { nothingQueued, tellCache } from './_tell-cache.ts';

export default defineWriteStrategy({
  id: 'update-after-write',
  title: 'Database, then set in the cache',
  prose:
    'The row is changed, then its new value is loaded and put into the cache, so that readers after a write find it ' +
    'there. Two writers may finish in another order than they began: the one that loaded the older value sets it last, ' +
    'and it stays until its TTL ends, or for ever where there is none. A slow reader does the same. Comparing versions ' +
    'as the value is stored closes the hole: see versioned-write and write-through.',
  source: 'Nishtala et al.: Scaling Memcache at Facebook, NSDI 2013, section 3.2.1, on stale sets.',
  parameters: z.object({}),
  needs: ['set'],
  create(context) {
    const { database, log } = context;
    return Promise.resolve({
      ...nothingQueued,
      async write(request) {
        const written = await database.write(request);
        if (written === null) return null;
        const cacheTold = await tellCache(log, request.key, loadAndSet(context, request.key, {}));
        return { version: written.version, cacheTold };
      },
    });
  },
});
