/** Spreads TTLs, so that keys that were loaded together do not expire together. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';

export default defineDefence({
  id: 'jitter',
  layer: 'lifetime',
  title: 'TTL jitter',
  prose:
    'Each new value lives for the TTL ± a share of it, evenly spread. K keys that were loaded together then expire at ' +
    'K / (2j·TTL) per second instead of all at once: the remedy for mass expiry after a deploy or a warm-up. It does ' +
    'nothing for one hot key, whose readers still miss together.',
  source: 'Common practice; AWS, Database Caching Strategies Using Redis.',
  parameters: z.object({
    share: z.number().positive().max(0.9).default(0.1).describe('j: TTLs lie evenly within ±j of the base TTL'),
  }),
  needs: ['get', 'set', 'delete'],
  create: ({ random, parameters: { share } }) => ({
    ttlMs: (_key, baseMs) => baseMs * (1 + share * (2 * random.next() - 1)),
  }),
});
