/**
 * What the lock defences share: one holder per key across all instances. Take the lock, look in the cache again, load,
 * fill only while the token still holds, release by compare-and-delete. What the losers do is each defence's own.
 */
import { z } from 'zod';
import type { Answer, DefenceContext, LeadRequest } from '../../harness/contract/defence.ts';
import { answerFrom, emptyAnswer, isWithinTtl } from '../reader/answers.ts';

export const lockParameters = {
  lockTtlMs: z
    .number()
    .positive()
    .default(5_000)
    .describe('After this time the lock of a holder that died is free again; must exceed the slowest load, ms'),
  pollMs: z.number().positive().default(20).describe('Mean pause of a waiting reader between two looks, ms'),
  maxWaitMs: z
    .number()
    .positive()
    .default(10_000)
    .describe(
      'A reader that waited this long is shed, so that waiting readers never become a stampede; longer than the lock, ms',
    ),
};

/** Pause between two attempts to release a lock while the store is away, ms. */
const RELEASE_AGAIN_MS = 100;

type LockContext = DefenceContext<{ lockTtlMs: number; pollMs: number; maxWaitMs: number }>;

/** One load while the lock outlives it; otherwise each lock that runs out lets in another one. */
export function predictLock(recomputeSec: number, lockTtlMs: number): number {
  const lockTtlSec = lockTtlMs / 1000;
  return lockTtlSec > recomputeSec ? 1 : Math.ceil(recomputeSec / lockTtlSec);
}

/** Leads when the lock is free; resolves to null when somebody else holds it. */
type TryToLead = <T>(request: LeadRequest<T>, waitedMs: number) => Promise<Answer<T> | null>;

export interface Locking {
  tryToLead: TryToLead;
  /** Polls with jitter until the value is there, the lock is free, or the time is over. */
  waitForIt<T>(request: LeadRequest<T>): Promise<Answer<T>>;
}

/** The holder's side alone, for losers that never wait. */
export function createTryToLead(context: DefenceContext<{ lockTtlMs: number }>): TryToLead {
  const { store, clock, random, log, instance, parameters } = context;
  let tokens = 0;

  /** Tries until the lock has run out, or a cache that was away for a moment would leave the key locked behind. */
  async function release(key: string, token: string, lockEndsAtMs: number): Promise<void> {
    while (clock.nowMs() < lockEndsAtMs) {
      try {
        await store.unlock(key, token);
        return;
      } catch {
        await clock.sleep(RELEASE_AGAIN_MS);
      }
    }
    log.warn(`lock of ${key} could not be released and has run out by itself`);
  }

  return async <T>(request: LeadRequest<T>, waitedMs: number): Promise<Answer<T> | null> => {
    const { key } = request;
    const token = `${instance}:${(tokens += 1)}:${random.next().toString(36).slice(2)}`;
    // Counted from before the request, so that the holder never believes in its lock longer than the store does.
    const lockEndsAtMs = clock.nowMs() + parameters.lockTtlMs;
    let taken: boolean;
    try {
      taken = await store.lock(key, token, parameters.lockTtlMs);
    } catch (error) {
      // The answer came too late, and the lock may be held by nobody who knows of it. One try, or an outage is a storm.
      store.unlock(key, token).catch(() => {});
      throw error;
    }
    if (!taken) return null;
    try {
      // Between the miss and the lock another holder may have filled and released.
      const entry = await request.lookAgain();
      if (entry) return answerFrom(entry, clock.nowMs(), waitedMs > 0 ? 'waited' : 'hit', waitedMs);
      return { ...(await request.produce({ whileLockToken: token, lockEndsAtMs })), waitedMs };
    } finally {
      // Nobody needs to wait for the release.
      void release(key, token, lockEndsAtMs);
    }
  };
}

export function createLocking(context: LockContext): Locking {
  const { clock, random, parameters } = context;
  const tryToLead = createTryToLead(context);
  return {
    tryToLead,
    async waitForIt<T>(request: LeadRequest<T>): Promise<Answer<T>> {
      const startedAtMs = clock.nowMs();
      for (;;) {
        await clock.sleep(parameters.pollMs * (0.5 + random.next()));
        const entry = await request.lookAgain();
        const waitedMs = clock.nowMs() - startedAtMs;
        if (entry) return answerFrom(entry, clock.nowMs(), 'waited', waitedMs);
        if (waitedMs >= parameters.maxWaitMs) return emptyAnswer('shed', waitedMs);
        const answer = await tryToLead(request, waitedMs);
        if (answer) return answer;
      }
    },
  };
}

/** What a loser may serve at once: an entry within its TTL, or anything where the reader has its answer already. */
export function inHand<T>({ stale, behind }: LeadRequest<T>, nowMs: number, staleMs = 0): Answer<T> | null {
  if (stale === null) return null;
  return behind || isWithinTtl(stale, nowMs) || nowMs < stale.expiresAtMs + staleMs ? answerFrom(stale, nowMs) : null;
}
