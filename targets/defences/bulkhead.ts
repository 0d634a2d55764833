/**
 * A bound on how much of the database one instance may use for loads: so many at a time, so many waiting, so long. What
 * does not fit is shed at once instead of queueing until every request has timed out.
 */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import { HarnessError } from '../../harness/contract/errors.ts';

const FULL = new HarnessError('SHED', 'the bulkhead is full: the database is not asked');
const LEFT = new Error('has its place');

/** E[min(X, most)] for X ~ Poisson(mean): the sum of P(X > k) for k < most. */
function meanBelow(mean: number, most: number): number {
  let sum = 0;
  let upTo = 0;
  for (let k = 0, logOf = -mean; k < most; k += 1, logOf += Math.log(mean / k)) {
    upTo += Math.exp(logOf);
    if (upTo >= 1 - 1e-12 && k > mean) break;
    sum += 1 - Math.min(1, upTo);
  }
  return sum;
}

/**
 * How many of a queue get a place before they give up. Readers come evenly, places come back as evenly a δ later, and
 * again each δ; whoever has given up does not stand in the way of those who came after him.
 *
 * @param perLoad readers that come in a δ; all times here are in units of δ
 */
function servedOf(queued: number, places: number, perLoad: number, mayWait: number): number {
  let served = 0;
  let next = 0;
  for (let turn = 0; next < queued; turn += 1) {
    const at = 1 + Math.floor(turn / places) + (turn % places) / perLoad;
    while (next < queued && (places + next) / perLoad + mayWait < at) next += 1;
    if (next < queued) served += 1;
    next += 1;
  }
  return served;
}

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
  /**
   * All readers who come until the first load has filled the cache, a time of δ, want to load: one, and a Poisson number
   * with the mean λδ, evenly over the instances. Of those of one instance C make their load, places and queue together,
   * and the rest is shed: E[min(1 + X, C)] for the instance of the first reader and E[min(X, C)] for the others, X ~
   * Poisson(λδ/n). Who waits loads again what is there by then, so that a queue delays loads and saves none. Not all of
   * the queue comes to its turn where they may not wait long beside δ: that share is counted for even arrivals.
   */
  predict({ ratePerSec, recomputeSec, instances, parameters: { maxConcurrent, maxQueued, maxWaitMs } }) {
    const waits = maxQueued > 0 && maxWaitMs > 0;
    // The queue then changes hands before a place is free, and who gets it depends on when he came.
    if (waits && maxWaitMs < recomputeSec * 1000) return null;
    const perInstance = (ratePerSec * recomputeSec) / instances;
    const queued = waits ? Math.max(0, Math.min(maxQueued, Math.round(perInstance) - maxConcurrent)) : 0;
    const served = servedOf(queued, maxConcurrent, perInstance, maxWaitMs / (recomputeSec * 1000));
    const most = maxConcurrent + (served < queued ? served : waits ? maxQueued : 0);
    return 1 + meanBelow(perInstance, most - 1) + (instances - 1) * meanBelow(perInstance, most);
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
