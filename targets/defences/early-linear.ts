/** Early recomputation with a chance that grows linearly over a window before the expiry: the textbook rule. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';

/** Above this chance that the first recompute has not ended by the expiry, the formula no longer holds. */
const MAX_LATE = 0.01;

export default defineDefence({
  id: 'early-linear',
  layer: 'freshness',
  title: 'Early recomputation, linear chance',
  prose:
    'In a window W at the end of the TTL a reader recomputes with probability 1 − t/W, t being the time left: none ' +
    'where the window begins, nearly every reader at the expiry. Easy to explain ("1 % at minute 50 of 60, 20 % at ' +
    'minute 59"), and hardly anybody waits for a hot key. But the chance knows neither how often the key is read nor ' +
    'how long the recompute takes, and while the first reader recomputes the others go on drawing: 1 + δ√(πλ/2W) + ' +
    'λδ²/2W loads per expiry, which grows with the rate, without bound. With a lock beside it that is one load. ' +
    'xfetch makes e^(1/β) at any rate. A key that is read rarely expires before anybody draws, and a cold miss is not ' +
    'defended at all.',
  source: 'System design textbooks, "probabilistic early expiration"; compare Vattani et al., VLDB 2015.',
  parameters: z.object({
    windowShare: z
      .number()
      .positive()
      .max(1)
      .default(1 / 6)
      .describe('W: the last share of the TTL, in which readers draw; ten minutes of sixty'),
  }),
  needs: ['get', 'set', 'delete'],
  predict({ ratePerSec, recomputeSec, ttlSec, parameters: { windowShare } }) {
    const windowSec = windowShare * ttlSec;
    // The first draw succeeds at a Rayleigh-distributed time with the scale √(W/λ); it must leave time to recompute.
    const drawingSec = windowSec - recomputeSec;
    if (!(drawingSec > 0) || Math.exp((-ratePerSec * drawingSec ** 2) / (2 * windowSec)) > MAX_LATE) return null;
    return (
      1 +
      recomputeSec * Math.sqrt((Math.PI * ratePerSec) / (2 * windowSec)) +
      (ratePerSec * recomputeSec ** 2) / (2 * windowSec)
    );
  },
  create({ clock, random, parameters: { windowShare } }) {
    return {
      judge({ storedAtMs, expiresAtMs }) {
        const leftMs = expiresAtMs - clock.nowMs();
        if (leftMs <= 0) return { is: 'gone' };
        const windowMs = windowShare * (expiresAtMs - storedAtMs);
        // Readers outside the window draw nothing, so that the sequence of draws belongs to those inside it.
        if (leftMs >= windowMs) return { is: 'fresh' };
        return random.next() < 1 - leftMs / windowMs ? { is: 'due', reader: 'recomputes' } : { is: 'fresh' };
      },
    };
  },
});
