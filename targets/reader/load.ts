/**
 * The one place where the database is asked and the cache is filled. Every load is counted here, where it happens,
 * with its cause and with whether its value was stored, so that loads per expiry are counted and never inferred.
 */
import type { Answer, LoadCause, LoadEvent, Loaded, Loader, ProduceOptions } from '../../harness/contract/defence.ts';
import type { Entry, SetOptions } from '../../harness/contract/store.ts';
import type { Clock } from '../../harness/contract/time.ts';
import { answerFrom, emptyAnswer } from './answers.ts';
import { withDeadline } from './deadline.ts';
import { lastSeen } from './guards.ts';
import type { ComposedStack } from './stack.ts';
import type { StoreHealth } from './store-health.ts';

export interface LoadOptions<T> {
  stack: ComposedStack;
  clock: Clock;
  health: StoreHealth;
  ttlMs: number;
  loader: Loader<T>;
  loadDeadlineMs: number;
  onLoad(event: LoadEvent): void;
  onLoadStart?(key: string): void;
}

/** Loads, fills and answers. `held` is the entry that the reader had in hand. */
export type Load<T> = (
  key: string,
  cause: LoadCause,
  held: Entry<T> | null,
  produce?: ProduceOptions,
) => Promise<Answer<T>>;

export function createLoad<T>(options: LoadOptions<T>): Load<T> {
  const { stack, clock, health, loader } = options;

  async function ask(key: string, event: LoadEvent): Promise<Loaded<T> | null> {
    event.startedAtMs = clock.nowMs();
    options.onLoadStart?.(key);
    try {
      const what = `the load of ${key}`;
      const loaded = await withDeadline(clock, options.loadDeadlineMs, what, (signal) => loader(key, signal));
      event.ok = true;
      return loaded;
    } finally {
      event.endedAtMs = clock.nowMs();
    }
  }

  function conditions(keepMs: number, produce: ProduceOptions): SetOptions {
    const nowMs = clock.nowMs();
    const fill = { keepMs, fill: true } as const;
    if (produce.whileLeaseToken !== undefined) return { ...fill, whileLeaseToken: produce.whileLeaseToken };
    if (produce.whileLockToken === undefined) return fill;
    // A late holder no longer owns the key: it may fill an empty place, but not overwrite what others made meanwhile.
    if (produce.lockEndsAtMs !== undefined && nowMs >= produce.lockEndsAtMs) return { ...fill, ifExpiredAtMs: nowMs };
    return { ...fill, whileLockToken: produce.whileLockToken };
  }

  /** A fill that fails must never fail the read. */
  async function quietly(work: Promise<boolean | void>): Promise<boolean> {
    try {
      const stored = await work;
      health.answered();
      return stored === true;
    } catch (error) {
      health.failed(error);
      return false;
    }
  }

  function entryOf(key: string, loaded: Loaded<T>, recomputeMs: number): Entry<T> {
    const storedAtMs = clock.nowMs();
    const ttlMs = stack.lifetimes.reduce((baseMs, layer) => layer.ttlMs(key, baseMs), options.ttlMs);
    return { ...loaded, key, storedAtMs, expiresAtMs: storedAtMs + ttlMs, recomputeMs };
  }

  /** Remembers that the row does not exist, where the stack does so; otherwise only forgets the row that was there. */
  async function fillAbsent(key: string, held: Entry<T> | null, recomputeMs: number, produce: ProduceOptions) {
    const { absentTtlMs } = stack;
    if (absentTtlMs === null) {
      if (held) await quietly(stack.store.delete(key));
      return false;
    }
    const storedAtMs = clock.nowMs();
    const expiresAtMs = storedAtMs + absentTtlMs;
    const marker = { key, value: null, version: 0, storedAtMs, expiresAtMs, recomputeMs, absent: true as const };
    return quietly(stack.store.set(marker, conditions(absentTtlMs, produce)));
  }

  function refused(key: string, held: Entry<T> | null): Answer<T> {
    if (held) return answerFrom(held, clock.nowMs());
    const last = lastSeen<T>(stack.guards, key);
    return last ? answerFrom(last, clock.nowMs(), 'stale') : emptyAnswer('shed');
  }

  return async (key, cause, held, produce = {}) => {
    /** Loads made for this call: one, unless a guard hedges. */
    const ended: LoadEvent[] = [];
    let decided = false;
    let asked = false;
    const wantedAtMs = clock.nowMs();

    const one = async (): Promise<{ loaded: Loaded<T> | null; event: LoadEvent }> => {
      asked = true;
      const event: LoadEvent = { key, cause, wantedAtMs, startedAtMs: 0, endedAtMs: 0, ok: false, filled: false };
      try {
        return { loaded: await ask(key, event), event };
      } finally {
        if (decided) options.onLoad(event);
        else ended.push(event);
      }
    };
    const report = (): void => {
      decided = true;
      for (const event of ended) options.onLoad(event);
    };

    const guarded = stack.guards.reduceRight((next, guard) => () => guard.ask(key, next, cause), one);
    let result: Awaited<ReturnType<typeof one>>;
    try {
      result = await guarded();
    } catch (error) {
      report();
      // A guard that refused before the database was asked: shed, or what is still in hand.
      if (!asked) return refused(key, held);
      throw error;
    }
    const { loaded, event } = result;
    // A store that has just failed is not asked a second time for the same read.
    const mayStore = cause !== 'bypass' && !stack.skipsStore && produce.mayFill?.() !== false;
    if (loaded === null) {
      if (mayStore) event.filled = await fillAbsent(key, held, event.endedAtMs - event.startedAtMs, produce);
      report();
      return emptyAnswer('absent');
    }
    const entry = entryOf(key, loaded, event.endedAtMs - event.startedAtMs);
    // What began before an invalidation is not kept by anybody.
    if (produce.mayFill?.() !== false) for (const guard of stack.guards) guard.seen?.(entry);
    if (mayStore) {
      const keepMs = entry.expiresAtMs - entry.storedAtMs + stack.keepAfterTtlMs;
      event.filled = await quietly(stack.store.set(entry, conditions(keepMs, produce)));
    }
    report();
    return answerFrom(entry, clock.nowMs(), cause === 'behind' ? 'miss' : cause);
  };
}
