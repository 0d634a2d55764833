/** Delete after the write, and once more when every reader that loaded before it should have filled. */
import { z } from 'zod';
import { defineWriteStrategy } from '../../harness/contract/write.ts';
import { tellCache } from './_tell-cache.ts';

export default defineWriteStrategy({
  id: 'double-delete',
  title: 'Database, delete, and delete again later',
  prose:
    'Like invalidate-after-write, with a second delete some time later that removes what late readers have filled ' +
    'meanwhile. Bounds the harm in time instead of preventing it: until the second delete the old value is served, and ' +
    'a load that takes longer than the delay, or a replica that lags longer, still fills after it. The second delete ' +
    'runs behind the answer, so it is lost with the process. Helps where neither leases nor versions can be had.',
  source: 'Known in Chinese engineering literature as "delayed double delete"; no paper of its own.',
  parameters: z.object({
    delayMs: z
      .number()
      .min(0)
      .max(600_000)
      .default(500)
      .describe('time until the second delete: more than load, fill and replica lag together'),
  }),
  needs: ['delete'],
  create({ database, invalidate, clock, log, parameters }) {
    const later = new Set<Promise<unknown>>();
    const closing = new AbortController();

    function deleteAgain(key: string): void {
      const work: Promise<unknown> = clock
        .sleep(parameters.delayMs, closing.signal)
        .catch(() => undefined) // closing: at once instead
        .then(() => tellCache(log, key, invalidate(key)))
        .then(() => later.delete(work));
      later.add(work);
    }

    return Promise.resolve({
      async write(request) {
        const written = await database.write(request);
        if (written === null) return null;
        const cacheTold = await tellCache(log, request.key, invalidate(request.key));
        deleteAgain(request.key);
        return { version: written.version, cacheTold };
      },
      pending: () => Promise.resolve(later.size),
      async close() {
        closing.abort();
        while (later.size > 0) await Promise.all(later);
      },
    });
  },
});
