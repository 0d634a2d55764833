/** Probabilistic early recomputation: readers flip a coin that gets heavier towards the expiry. No coordination. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';

/** Euler's constant, for the mean lead. */
const GAMMA = 0.577;
/** Above this chance of a hard miss the formula no longer holds. */
const MAX_HARD_MISS = 0.01;

export default defineDefence({
  id: 'xfetch',
  layer: 'freshness',
  title: 'XFetch, probabilistic early recomputation',
  prose:
    'Before the TTL ends each reader recomputes with a chance that grows as the expiry nears, scaled by how long the ' +
    'last recompute took. About e^(1/β) loads per expiry whatever the rate and the number of instances, and hardly ' +
    'anybody waits. Helps keys that are read often; a key that is read less than about once per βδ expires before ' +
    'anybody draws, and a cold miss or an eviction is not defended at all. The TTL must be much longer than the lead.',
  source: 'Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015.',
  parameters: z.object({
    beta: z.number().positive().max(10).default(1).describe('Larger is earlier, and fewer loads: e^(1/β)'),
  }),
  needs: ['get', 'set', 'delete'],
  predict({ ratePerSec, recomputeSec, ttlSec, parameters: { beta } }) {
    const reads = ratePerSec * beta * recomputeSec;
    const leadSec = beta * recomputeSec * (Math.log(reads) + GAMMA);
    if (!(Math.exp(-reads) <= MAX_HARD_MISS) || ttlSec < 2 * leadSec) return null;
    return Math.exp(1 / beta);
  },
  create({ clock, random, parameters: { beta } }) {
    return {
      judge({ expiresAtMs, recomputeMs }) {
        const nowMs = clock.nowMs();
        if (nowMs >= expiresAtMs) return { is: 'gone' };
        // 1 − next() lies in (0, 1]: the logarithm of 0 would be −∞.
        const leadMs = -recomputeMs * beta * Math.log(1 - random.next());
        return nowMs + leadMs >= expiresAtMs ? { is: 'due', reader: 'recomputes' } : { is: 'fresh' };
      },
    };
  },
});
