/**
 * A second request when the first is late: most of a long tail is bad luck of one request and not of the key. Within a
 * budget, because a late answer may also mean that the database has too much to do already.
 */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';

/** Loads whose times are remembered, and before so many were seen nothing is hedged. */
const REMEMBERED = 200;
const ENOUGH = 20;
/** The quantile is found anew after so many loads. */
const RENEW_EVERY = 10;
/** Hedges that may be saved up while none is needed. */
const MOST_SAVED = 5;
const SETTLED = new Error('answered in time');

export default defineDefence({
  id: 'hedge',
  layer: 'guard',
  title: 'Hedged loads',
  prose:
    'A load that takes longer than 95 % of the recent ones is sent a second time, and the first answer wins. Cuts the ' +
    'tail that comes from single slow requests: a bad connection, a busy replica, a lock. At most `budget` of the loads ' +
    'are hedged. The loser is not called back: its work is done and thrown away. A database that is slow because it ' +
    'has too much to do gets even more of it, and without a budget that makes an overload worse. ' +
    'A hedge takes no place of its own in a bulkhead beside it.',
  source: 'Dean and Barroso, The Tail at Scale, CACM 56(2), 2013: hedged requests.',
  parameters: z.object({
    quantile: z.number().min(0.5).max(0.999).default(0.95).describe('Hedge when a load takes longer than this share'),
    budget: z.number().min(0).max(1).default(0.05).describe('Hedges as a share of loads, at most'),
    minDelayMs: z.number().min(0).default(5).describe('Never hedged earlier than this, ms'),
  }),
  needs: [],
  predict: ({ ratePerSec, recomputeSec }) => 1 + ratePerSec * recomputeSec,
  create({ clock, parameters: { quantile, budget, minDelayMs } }) {
    const took: number[] = [];
    let loads = 0;
    let delayMs = Infinity;
    let tokens = 0;

    function note(tookMs: number): void {
      took[loads % REMEMBERED] = tookMs;
      loads += 1;
      if (loads < ENOUGH || loads % RENEW_EVERY > 0) return;
      const sorted = took.toSorted((a, b) => a - b);
      delayMs = Math.max(minDelayMs, sorted[Math.ceil(quantile * sorted.length) - 1]!);
    }

    async function timed<T>(load: () => Promise<T>): Promise<T> {
      const startedAtMs = clock.nowMs();
      try {
        return await load();
      } finally {
        note(clock.nowMs() - startedAtMs);
      }
    }

    return {
      async ask<T>(_key: string, load: () => Promise<T>): Promise<T> {
        tokens = Math.min(MOST_SAVED, tokens + budget);
        const first = timed(load);
        if (delayMs === Infinity) return first;
        const timer = new AbortController();
        const late = clock.sleep(delayMs, timer.signal).then(
          () => true,
          () => false,
        );
        const settled = first.then(
          () => false,
          () => false,
        );
        if (!(await Promise.race([settled, late])) || tokens < 1) {
          timer.abort(SETTLED);
          return first;
        }
        tokens -= 1;
        try {
          return await Promise.any([first, timed(load)]);
        } catch {
          return first; // both failed: the first one's error is the load's
        }
      },
    };
  },
});
