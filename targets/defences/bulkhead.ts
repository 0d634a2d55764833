/**
 * A bound on how much of the database one instance may use for loads: so many at a time, so many waiting, so long. What
 * does not fit is shed at once instead of queueing until every request has timed out.
 */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import { HarnessError } from '../../harness/contract/errors.ts';

const FULL = new HarnessError('SHED', 'the bulkhead is full: the database is not asked');
const LEFT = new Error('has its place');

export default defineDefence({
  id: 'bulkhead',
  layer: 'guard',
  title: 'Bulkhead: a bound on concurrent loads',
  prose:
    'Each instance makes at most `maxConcurrent` loads at a time; a few more wait for a short while, and the rest is ' +
    'answered 503 with Retry-After, or with the old value where there is one. When the cache is gone the database then ' +
    'carries maxConcurrent × instances and not 1/(1 − h) times its load. It knows neither keys nor worth: one hot key ' +
    'can take every place (put single-flight before it, or those who waited load again what is there by then), it sheds ' +
    'good requests in a burst that the database could have carried, and slow loads keep quick ones out.',
  source: 'M. Nygard, Release It!, 2nd ed. 2018, "Bulkheads"; semaphore isolation of Netflix Hystrix.',
  parameters: z.object({
    maxConcurrent: z.number().int().min(1).default(8).describe('Loads of one instance at the same time'),
    maxQueued: z.number().int().min(0).default(16).describe('Loads that may wait for a place'),
    maxWaitMs: z.number().min(0).default(500).describe('How long a load may wait for a place, ms'),
  }),
  needs: [],
  predict({ ratePerSec, recomputeSec, instances, parameters: { maxConcurrent, maxQueued, maxWaitMs } }) {
    const rounds = recomputeSec > 0 ? Math.floor(maxWaitMs / (recomputeSec * 1000)) : Infinity;
    const waited = Math.min(maxQueued, rounds === 0 ? 0 : maxConcurrent * rounds);
    return Math.min(1 + ratePerSec * recomputeSec, instances * (maxConcurrent + waited));
  },
  create({ clock, parameters: { maxConcurrent, maxQueued, maxWaitMs } }) {
    let running = 0;
    const queue = new Set<() => void>();

    /** Resolves to whether a place was given. */
    async function enter(): Promise<boolean> {
      if (running < maxConcurrent) {
        running += 1;
        return true;
      }
      if (queue.size >= maxQueued || maxWaitMs === 0) return false;
      const timer = new AbortController();
      return new Promise((resolve) => {
        const take = (): void => {
          timer.abort(LEFT);
          resolve(true);
        };
        queue.add(take);
        clock.sleep(maxWaitMs, timer.signal).then(
          () => {
            queue.delete(take);
            resolve(false);
          },
          () => {},
        );
      });
    }

    /** The place goes to whoever has waited longest. */
    function leave(): void {
      const [next] = queue;
      if (!next) running -= 1;
      else {
        queue.delete(next);
        next();
      }
    }

    return {
      async ask(_key, load) {
        if (!(await enter())) throw FULL;
        try {
          return await load();
        } finally {
          leave();
        }
      },
    };
  },
});
