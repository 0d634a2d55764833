/** One token per key and period: who misses is given the right to fill, or told that somebody else has it. */
import { z } from 'zod';
import { defineDefence } from '../../harness/contract/defence.ts';
import type { Answer, LeadRequest } from '../../harness/contract/defence.ts';
import type { LeaseAnswer } from '../../harness/contract/store.ts';
import { answerFrom, emptyAnswer, isWithinTtl } from '../reader/answers.ts';
import { inHand } from './_lock.ts';

export default defineDefence({
  id: 'lease',
  layer: 'coordination',
  scope: 'cluster',
  title: 'Lease',
  prose:
    'A miss reads the cache and hands out a token in one script, once per key and period; only the holder of the ' +
    'token may fill. The others look again shortly, or take the stale value where one is kept. A delete voids the ' +
    'token, so that a load that began before a write never fills the cache with the old value, in any instance: the ' +
    'remedy for the stale set that cache-aside leaves behind. One load per lease period. A holder that dies blocks no ' +
    'longer than the period. The period must be longer than the load: where it is not, each token is void before its ' +
    'value is there, nothing is ever stored, and one load is made per period for ever. A failing loader is tried by ' +
    'one waiter after the other, unless single-flight stands in front. A reader that waited too long is shed. When ' +
    'the cache is away there is no lease: every reader loads.',
  source: 'Nishtala et al.: Scaling Memcache at Facebook, NSDI 2013, section 3.2.1.',
  parameters: z.object({
    leaseMs: z
      .number()
      .positive()
      .default(10_000)
      .describe('One token per key in this time; longer than the slowest load. 10 s in the paper, ms'),
    pollMs: z.number().positive().default(20).describe('Mean pause of a waiting reader between two looks, ms'),
    maxWaitMs: z
      .number()
      .positive()
      .default(12_000)
      .describe('A reader that waited this long is shed; longer than the lease, ms'),
    staleMs: z
      .number()
      .nonnegative()
      .default(0)
      .describe('How long after its TTL a value is kept and served while somebody loads; 0: others wait, ms'),
  }),
  needs: ['get', 'set', 'delete', 'lease'],
  keepAfterTtlMs: ({ staleMs }) => staleMs,
  predict: ({ recomputeSec, parameters: { leaseMs } }) => (recomputeSec * 1000 < leaseMs ? 1 : null),
  create({ store, clock, random, log, instance, parameters }) {
    const { leaseMs, pollMs, maxWaitMs, staleMs } = parameters;
    let tokens = 0;

    /** A lease whose answer came too late may be held by nobody who knows of it: one try to give it back. */
    async function ask<T>(key: string, token: string, goodAfterMs: number): Promise<LeaseAnswer<T>> {
      try {
        return await store.lease!<T>(key, token, leaseMs, goodAfterMs);
      } catch (error) {
        store.endLease?.(key, token).catch(() => {});
        throw error;
      }
    }

    async function loadWith<T>(request: LeadRequest<T>, token: string, waitedMs: number): Promise<Answer<T>> {
      try {
        return { ...(await request.produce({ whileLeaseToken: token })), waitedMs };
      } finally {
        // A load that stored nothing (no such row, an error) must not keep the next reader waiting for the period.
        store.endLease?.(request.key, token).catch(() => log.warn(`lease of ${request.key} runs out by itself`));
      }
    }

    return {
      scope: 'cluster',
      async lead<T>(request: LeadRequest<T>): Promise<Answer<T>> {
        const { key, stale, behind } = request;
        const startedAtMs = clock.nowMs();
        for (let looks = 1; ; looks += 1) {
          const token = `${instance}:${(tokens += 1)}:${random.next().toString(36).slice(2)}`;
          // An early refresh replaces an entry within its TTL: only one that ends later than that is good enough.
          const goodAfterMs = Math.max(clock.nowMs(), stale?.expiresAtMs ?? 0);
          const { entry: found, granted } = await ask<T>(key, token, goodAfterMs);
          const nowMs = clock.nowMs();
          const waitedMs = nowMs - startedAtMs;
          if (granted) return loadWith(request, token, waitedMs);
          // The entry of another key: no lease is handed out over it, so it is loaded without one.
          if (found && found.key !== key) return request.produce();
          if (found && found.expiresAtMs > goodAfterMs && isWithinTtl(found, nowMs))
            return answerFrom(found, nowMs, looks > 1 ? 'waited' : 'hit', waitedMs);
          // Somebody else loads. What was deleted meanwhile is served only where the answer has been given already.
          const served = inHand({ ...request, stale: behind ? stale : found }, nowMs, staleMs);
          if (served) return served;
          if (waitedMs >= maxWaitMs) return emptyAnswer('shed', waitedMs);
          await clock.sleep(pollMs * (0.5 + random.next()));
        }
      },
    };
  },
});
