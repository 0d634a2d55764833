/**
 * Fills the cache before traffic comes, with the keys that were read most: so that a new or emptied cache does not send
 * everybody to the database at once. In batches and at a bounded rate, because the warm-up itself is load.
 */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import { createRefreshQueue } from './_refresh-queue.ts';

/** One instance of many warms up; the others find its lock. */
const LOCK = 'warm-up';

export default defineDefence({
  id: 'warm-up',
  layer: null,
  title: 'Warm-up from the access log',
  prose:
    'Before an instance takes traffic the most-read keys of the access log in Postgres are loaded into the cache, in ' +
    'batches and no faster than a given rate; of several instances one does it, under a lock. Helps a deploy with an ' +
    'empty cache and a restart of the cache. It does nothing for keys that nobody has read yet, such as the item of a ' +
    'sale that opens now; it loads yesterday’s favourites; it does nothing once traffic is there, so that an expiry ' +
    'is a stampede as before; and the keys that it loaded together expire together unless there is jitter.',
  source: 'Facebook, Cold Cluster Warmup, Nishtala et al., NSDI 2013; warm-up of the most-read keys at deploy time.',
  parameters: z.object({
    keys: z.number().int().min(1).max(1_000_000).default(1000).describe('Most-read keys to load, at most'),
    batch: z.number().int().min(1).max(1000).default(10).describe('Keys that are loaded at the same time'),
    ratePerSec: z.number().positive().default(500).describe('Loads per second, at most'),
    limitMs: z.number().positive().default(10_000).describe('Traffic is kept waiting for this long at most, ms'),
  }),
  needs: ['get', 'set', 'delete', 'lock'],
  usesAccessLog: true,
  attend({ store, clock, log, instance, parameters, refresh, mostRead }) {
    const { batch, ratePerSec, limitMs } = parameters;
    const queue = createRefreshQueue({ who: 'warm-up', maxConcurrent: batch, refresh, log });
    let times = 0;
    return {
      async beforeTraffic() {
        const token = `${instance}/${(times += 1)}`;
        if (!(await store.lock(LOCK, token, limitMs))) return;
        const startedAtMs = clock.nowMs();
        const keys = await mostRead(parameters.keys);
        let loaded = 0;
        while (loaded < keys.length && clock.nowMs() - startedAtMs < limitMs) {
          const next = keys.slice(loaded, loaded + batch);
          await Promise.all(next.map((key) => queue.push(key)));
          loaded += next.length;
          const aheadMs = (loaded / ratePerSec) * 1000 - (clock.nowMs() - startedAtMs);
          if (aheadMs > 0 && loaded < keys.length) await clock.sleep(aheadMs);
        }
        const tookMs = Math.round(clock.nowMs() - startedAtMs);
        log.info(`warm-up: ${loaded} of ${keys.length} most-read keys in ${tookMs} ms`);
        await store.unlock(LOCK, token);
      },
      close: () => queue.close(),
    };
  },
});
