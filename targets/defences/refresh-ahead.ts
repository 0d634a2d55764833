/** Refreshes a value behind the first read late in its TTL, so that a key in use does not expire. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';

/** With so many reads expected in the window the chance that none comes is below 1 %. */
const FEWEST_READS_IN_WINDOW = 5;

export default defineDefence({
  id: 'refresh-ahead',
  layer: 'freshness',
  title: 'Refresh-ahead',
  prose:
    'A value is eligible for a refresh after a share of its TTL. The first read after that is served at once and ' +
    'starts a refresh behind its answer, one at a time in each process; the old value is served meanwhile, and kept ' +
    'when the refresh fails, so that the next read tries again. Nobody waits and nothing older than the TTL is ' +
    'served, as long as the key is read in the last part of the TTL and the refresh ends within it. Costs up to ' +
    '1/share as many loads of keys that are read steadily. Does nothing for a cold miss or an eviction, nor for a key ' +
    'whose reads pause through the window: it expires like any other. Several instances refresh several times, unless ' +
    'a lock stands beside it. A loader that fails until the TTL ends leaves nothing: there every reader misses.',
  source: 'Oracle Coherence, Refresh-Ahead Caching; Caffeine, refreshAfterWrite.',
  parameters: z.object({
    after: z.number().min(0).lt(1).default(0.8).describe('Share of the TTL after which a read refreshes the value'),
  }),
  needs: ['get', 'set', 'delete'],
  predict({ ratePerSec, recomputeSec, instances, ttlSec, parameters: { after } }) {
    // A read must start the refresh and the refresh must end before the TTL does.
    const startingSec = (1 - after) * ttlSec - recomputeSec;
    if (ratePerSec * startingSec < FEWEST_READS_IN_WINDOW) return null;
    return 1 + (instances - 1) * (1 - Math.exp((-ratePerSec * recomputeSec) / instances));
  },
  create({ clock, parameters: { after } }) {
    return {
      judge({ storedAtMs, expiresAtMs }) {
        const nowMs = clock.nowMs();
        if (nowMs >= expiresAtMs) return { is: 'gone' };
        const eligibleAtMs = storedAtMs + after * (expiresAtMs - storedAtMs);
        return nowMs < eligibleAtMs ? { is: 'fresh' } : { is: 'due', reader: 'goes on' };
      },
    };
  },
});
