/** The baseline of all defences: the empty stack. Named so that it can be asked for and compared. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';

export default defineDefence({
  id: 'cache-aside',
  layer: null,
  title: 'Cache-aside',
  prose:
    'Look into the cache; on a miss load from the database and fill the cache. Nothing else: while one reader ' +
    'loads, every other reader of the key misses too and loads as well, which is the stampede. Good where keys are ' +
    'read rarely or recomputing is cheap; a hot key that expires costs 1 + λδ loads. A load that began before an ' +
    'invalidation may still fill the cache with the old value, until the TTL ends.',
  source: 'Lazy loading, "look-aside" in Nishtala et al., Scaling Memcache at Facebook, NSDI 2013.',
  parameters: z.object({}),
  needs: ['get', 'set', 'delete'],
  predict: ({ ratePerSec, recomputeSec }) => 1 + ratePerSec * recomputeSec,
});
