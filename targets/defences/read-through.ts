/**
 * Read-through under its own name, because it is asked for as a defence. It is none: where the loader is called from
 * does not change how often it is called, and this file says so and predicts so.
 */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';

export default defineDefence({
  id: 'read-through',
  layer: null,
  title: 'Read-through',
  prose:
    'The service asks only the cache, and the cache calls the loader on a miss, so that no caller can forget to fill ' +
    'or fill wrongly. Here every reader is built that way: it owns store and loader, and no route sees either. So ' +
    'this is the empty stack under another name, and it makes exactly the loads of cache-aside: one for every reader ' +
    'that misses, 1 + λδ per expiry of a hot key. It is a way to write code, not a remedy against a stampede; what ' +
    'many read-through libraries add to it is single-flight, which is a defence of its own here. A read-through ' +
    'cache that is a server in front of the database fails all reads when it fails; this one runs inside the ' +
    'service, and asks the database when the store is away.',
  source: 'Oracle Coherence, Read-Through, Write-Through, Write-Behind and Refresh-Ahead Caching.',
  parameters: z.object({}),
  needs: ['get', 'set', 'delete'],
  excludes: { 'cache-aside': 'both are the empty stack' },
  predict: ({ ratePerSec, recomputeSec }) => 1 + ratePerSec * recomputeSec,
});
