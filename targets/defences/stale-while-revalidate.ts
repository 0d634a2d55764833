/** Serves the old value for a while after its TTL and refreshes it behind the answer. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';

/** With so many reads expected in the window the chance that none comes is below 1 %. */
const FEWEST_READS_IN_WINDOW = 5;

export default defineDefence({
  id: 'stale-while-revalidate',
  layer: 'freshness',
  title: 'Stale-while-revalidate',
  prose:
    'Fresh up to the TTL; for a window after it the old value is served at once and one refresh runs behind it in ' +
    'each process; after the window readers block again. Nobody waits for a key that is read at least once per ' +
    'window, at the price of answers older than the TTL and memory for what is kept. It does nothing for a cold ' +
    'miss, an eviction or an invalidation: add single-flight or a lock. Several instances refresh several times.',
  source: 'RFC 5861, HTTP Cache-Control Extensions for Stale Content.',
  parameters: z.object({
    swrMs: z
      .number()
      .nonnegative()
      .default(30_000)
      .describe('How long after its TTL a value is served while it is refreshed, ms'),
  }),
  needs: ['get', 'set', 'delete'],
  keepAfterTtlMs: ({ swrMs }) => swrMs,
  predict({ ratePerSec, recomputeSec, instances, parameters: { swrMs } }) {
    // One refresh in each instance that reads during the first one; it needs a read within the window.
    if (ratePerSec * (swrMs / 1000) < FEWEST_READS_IN_WINDOW) return null;
    return 1 + (instances - 1) * (1 - Math.exp((-ratePerSec * recomputeSec) / instances));
  },
  create({ clock, parameters: { swrMs } }) {
    return {
      judge({ expiresAtMs }) {
        const lateMs = clock.nowMs() - expiresAtMs;
        if (lateMs < 0) return { is: 'fresh' };
        return lateMs < swrMs ? { is: 'stale' } : { is: 'gone' };
      },
    };
  },
});
