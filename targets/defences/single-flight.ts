/**
 * One load per key at a time inside each process; all who ask meanwhile share its result. The cheapest defence, and
 * the one with the most ways to be wrong: a rejection that is kept, a hung loader that holds a key for ever, or a load
 * that outlives an invalidation.
 */
import { z } from 'zod';
import { type Answer, defineDefence, type LeadRequest, type ProduceOptions } from '../../harness/contract/defence.ts';
import { answerFrom, isWithinTtl } from '../reader/answers.ts';
import { withDeadline } from '../reader/deadline.ts';

interface Flight {
  answer: Promise<Answer<unknown>>;
  /** Set by an invalidation: whatever it loads is neither shared with later readers nor stored. */
  forgotten: boolean;
}

export default defineDefence({
  id: 'single-flight',
  layer: 'coordination',
  scope: 'process',
  title: 'Single-flight',
  prose:
    'Concurrent reads of one key in one process share one load. Costs nothing, needs no store, and turns a stampede ' +
    'of thousands into one load per instance. It does not help across instances: with n of them up to n loads are ' +
    'made per expiry. All who share a load also share its error and its slowness. An invalidation makes the process ' +
    'forget the load in flight; an invalidation in another process is not seen.',
  source: 'Go, golang.org/x/sync/singleflight; "request coalescing".',
  parameters: z.object({
    maxFlightMs: z
      .number()
      .positive()
      .default(10_000)
      .describe('A shared load that takes longer fails for all who wait, and the key is free again, ms'),
  }),
  needs: [],
  predict({ ratePerSec, recomputeSec, instances }) {
    return 1 + (instances - 1) * (1 - Math.exp((-ratePerSec * recomputeSec) / instances));
  },
  create({ clock, parameters }) {
    const flights = new Map<string, Flight>();

    function take<T>(key: string, produce: (options: ProduceOptions) => Promise<Answer<T>>): Promise<Answer<T>> {
      const end = (): void => {
        flight.forgotten = true;
        if (flights.get(key) === flight) flights.delete(key);
      };
      // The loader runs a microtask later, when the flight is registered: one that throws at once is forgotten too.
      const answer = withDeadline(clock, parameters.maxFlightMs, `the shared load of ${key}`, () =>
        Promise.resolve().then(() => produce({ mayFill: () => !flight.forgotten })),
      ).finally(end);
      const flight: Flight = { forgotten: false, answer };
      flights.set(key, flight);
      return answer;
    }

    return {
      scope: 'process',
      async lead<T>({ key, stale, produce }: LeadRequest<T>): Promise<Answer<T>> {
        const flight = flights.get(key);
        if (!flight) return take(key, produce);
        const startedAtMs = clock.nowMs();
        if (stale && isWithinTtl(stale, startedAtMs)) return answerFrom(stale, startedAtMs);
        const answer = (await flight.answer) as Answer<T>;
        const waitedMs = clock.nowMs() - startedAtMs;
        const loaded = answer.value !== null && answer.outcome !== 'stale';
        return { ...answer, outcome: loaded ? 'waited' : answer.outcome, waitedMs };
      },
      forget(key) {
        const flight = flights.get(key);
        if (!flight) return;
        flight.forgotten = true;
        flights.delete(key);
      },
    };
  },
});
