/**
 * A read through the six layers, always in the same order: admission, tier, freshness, coordination, guard, lifetime.
 * This file only decides who does what next; each decision itself belongs to a defence. Whatever happens to the
 * store, a read is still answered: the database is asked instead.
 */
import type {
  Answer,
  Defence,
  Freshness,
  LeadRequest,
  LoadCause,
  LoadEvent,
  Loaded,
  Loader,
  Mailbox,
  ProduceOptions,
} from '../../harness/contract/defence.ts';
import { messageOf } from '../../harness/contract/errors.ts';
import type { DeleteOptions, Entry, Store } from '../../harness/contract/store.ts';
import type { Clock, Log, Random } from '../../harness/contract/time.ts';
import { answerFrom, emptyAnswer, isWithinTtl } from './answers.ts';
import { watchStore } from './guards.ts';
import { createLoad } from './load.ts';
import { type ComposedStack, composeStack } from './stack.ts';
import { createStoreHealth } from './store-health.ts';

/** A loader slower than this is given up, ms. */
const DEFAULT_LOAD_DEADLINE_MS = 30_000;

export interface ReaderOptions<T> {
  /** A set; empty means plain cache-aside. */
  stack: readonly { defence: Defence; parameters: Record<string, unknown> }[];
  store: Store;
  clock: Clock;
  random: Random;
  log: Log;
  /** Names this process, for lock tokens. */
  instance: string;
  /** Base TTL of the values, before the lifetime layer. */
  ttlMs: number;
  loader: Loader<T>;
  /** Called once for every load, after its fill. */
  onLoad(event: LoadEvent): void;
  onLoadStart?(key: string): void;
  /** Every key that exists in the database now, for defences that must know them. */
  knownKeys?(): AsyncIterable<string>;
  /** Notes to the processes beside the instances, for defences that have one. */
  mailbox?: Mailbox;
  /** A load that takes longer is given up and fails; default 30 s. */
  loadDeadlineMs?: number;
}

export interface Reader<T> {
  /** The cache behind all tiers, for those who write to it beside the reads. */
  readonly store: Store;
  /**
   * Reads a key. Rejects only with the loader's own error, or with `DEADLINE` where the loader never answered; a store
   * that fails never fails a read.
   */
  read(key: string): Promise<Answer<T>>;
  /** Deletes the entry and forgets loads that began before. Rejects when the store cannot be reached. */
  invalidate(key: string, options?: DeleteOptions): Promise<void>;
  /** Loads and fills whatever is cached, for those who push or refresh from outside. Rejects like a read. */
  refresh(key: string): Promise<void>;
  /**
   * Stores a value that was loaded elsewhere, for example by a warm-up, with the lifetime that the stack gives it.
   * Resolves to whether it was stored; rejects when the store cannot be reached.
   *
   * @param birth when it counts as stored, epoch ms, and what a recompute of it takes, ms
   */
  put(key: string, loaded: Loaded<T>, birth: { storedAtMs: number; recomputeMs: number }): Promise<boolean>;
  /** A row is about to become visible: admission must let it through from now on. */
  created(key: string): Promise<void>;
  /** Starts the layers that listen or work beside the reads; never rejects, since a service must come up without its cache. */
  start(): Promise<void>;
  /** Resolves when no load runs behind. */
  idle(): Promise<void>;
  /** Ends what `start` began, after the loads behind. */
  close(): Promise<void>;
}

/**
 * Composes a stack of defences into a reader.
 *
 * @throws HarnessError `BAD_PARAMETER` or `BAD_PLAN` where the stack does not fit together
 */
export function createReader<T>(options: ReaderOptions<T>): Reader<T> {
  const { clock, log } = options;
  const watched = watchStore(options.store, () => stack.guards, clock);
  const stack: ComposedStack = composeStack(options.stack, { ...options, store: watched });
  const health = createStoreHealth(log);
  const load = createLoad<T>({
    ...options,
    stack,
    health,
    loadDeadlineMs: options.loadDeadlineMs ?? DEFAULT_LOAD_DEADLINE_MS,
  });
  /** At most one load runs behind for each key and process. */
  const behind = new Map<string, Promise<void>>();
  const running = new Set<Promise<void>>();

  /** What the store has answered, passing over an entry that belongs to another key. */
  function accept(key: string, entry: Entry<T> | null): Entry<T> | null {
    health.answered();
    if (entry?.key === key) for (const guard of stack.guards) guard.seen?.(entry);
    if (entry === null || entry.key === key) return entry;
    log.warn(`cache answered ${key} with the entry of ${entry.key}: taken as gone`);
    return null;
  }

  /** Looks into the store. Rejects when it fails. */
  async function lookUp(key: string): Promise<Entry<T> | null> {
    return accept(key, await stack.store.get<T>(key));
  }

  function judge(entry: Entry<T>): Freshness {
    if (stack.freshness) return stack.freshness.judge(entry);
    return { is: isWithinTtl(entry, clock.nowMs()) ? 'fresh' : 'gone' };
  }

  type Produce = (options?: ProduceOptions) => Promise<Answer<T>>;

  function requestOf(key: string, cause: LoadCause, held: Entry<T> | null, produce: Produce): LeadRequest<T> {
    return {
      key,
      stale: held,
      behind: cause === 'behind',
      produce,
      async lookAgain() {
        const entry = await lookUp(key);
        if (entry === null || !isWithinTtl(entry, clock.nowMs())) return null;
        // The entry in hand is what is to be replaced: only another one counts.
        return entry.storedAtMs === held?.storedAtMs && entry.version === held.version ? null : entry;
      },
    };
  }

  /** Coordinates across instances; when the store that this needs is away, falls through to the load. */
  async function leadInCluster(
    key: string,
    cause: LoadCause,
    held: Entry<T> | null,
    outer: ProduceOptions | undefined,
  ): Promise<Answer<T>> {
    if (!stack.cluster) return load(key, cause, held, outer);
    let made: Promise<Answer<T>> | null = null;
    const produce: Produce = (inner) => (made = load(key, cause, held, { ...outer, ...inner }));
    try {
      return await stack.cluster.lead(requestOf(key, cause, held, produce));
    } catch (error) {
      // Once a load was begun, its own result counts, also where the store failed after it.
      if (made) return made;
      health.failed(error);
      if (held && isWithinTtl(held, clock.nowMs())) return answerFrom(held, clock.nowMs());
      return load(key, 'bypass', held, outer);
    }
  }

  function lead(key: string, cause: LoadCause, held: Entry<T> | null): Promise<Answer<T>> {
    const inCluster: Produce = (outer) => leadInCluster(key, cause, held, outer);
    return stack.process ? stack.process.lead(requestOf(key, cause, held, inCluster)) : inCluster();
  }

  /** The store failed: coordination inside the process still helps, coordination through the store cannot. */
  async function bypass(key: string): Promise<Answer<T>> {
    const produce: Produce = (outer) => load(key, 'bypass', null, outer);
    const request: LeadRequest<T> = { ...requestOf(key, 'bypass', null, produce), lookAgain: async () => null };
    const answer = await (stack.process ? stack.process.lead(request) : produce());
    return answer.outcome === 'shed' || answer.outcome === 'stale' ? answer : { ...answer, outcome: 'bypass' };
  }

  /** This reader pays for an early refresh; if that fails, what it has in hand is still good. */
  async function recompute(key: string, held: Entry<T>): Promise<Answer<T>> {
    try {
      return await lead(key, 'early', held);
    } catch (error) {
      if (!isWithinTtl(held, clock.nowMs())) throw error;
      log.warn(`early refresh of ${key} failed, the value in hand is served: ${messageOf(error)}`);
      return answerFrom(held, clock.nowMs());
    }
  }

  function refreshBehind(key: string, held: Entry<T>): void {
    if (behind.has(key)) return;
    const work = lead(key, 'behind', held)
      .then(
        () => {},
        (error: unknown) => log.warn(`refresh of ${key} behind the answer failed: ${messageOf(error)}`),
      )
      .then(() => {
        running.delete(work);
        if (behind.get(key) === work) behind.delete(key);
      });
    behind.set(key, work);
    running.add(work);
  }

  async function idle(): Promise<void> {
    while (running.size > 0) await Promise.all(running);
  }

  return {
    store: stack.store,
    async read(key) {
      for (const layer of stack.lifetimes) layer.seen?.(key);
      for (const layer of stack.admission) if (!(await layer.mayExist(key))) return emptyAnswer('absent');
      if (stack.skipsStore) return load(key, 'miss', null);
      let entry: Entry<T> | null;
      try {
        // As lookUp does, without its promise: this is every read's way.
        entry = accept(key, await stack.store.get<T>(key));
      } catch (error) {
        health.failed(error);
        return bypass(key);
      }
      if (entry === null) {
        stack.freshness?.missed?.(key);
        return lead(key, 'miss', null);
      }
      // A marker of a row that does not exist has no other life than its TTL.
      if (entry.absent)
        return isWithinTtl(entry, clock.nowMs()) ? answerFrom(entry, clock.nowMs()) : lead(key, 'miss', null);
      const freshness = judge(entry);
      if (freshness.is === 'fresh') return answerFrom(entry, clock.nowMs(), 'hit');
      if (freshness.is === 'gone') return lead(key, 'miss', entry);
      if (freshness.is === 'due' && freshness.reader === 'recomputes') return recompute(key, entry);
      if (freshness.is === 'due' || freshness.refreshed !== 'elsewhere') refreshBehind(key, entry);
      return answerFrom(entry, clock.nowMs(), freshness.is === 'stale' ? 'stale' : 'hit');
    },
    async invalidate(key, options) {
      stack.process?.forget?.(key);
      stack.cluster?.forget?.(key);
      for (const guard of stack.guards) guard.forget?.(key);
      behind.delete(key);
      if (!stack.skipsStore) await stack.store.delete(key, options);
    },
    async refresh(key) {
      // What is cached is what is to be replaced, however fresh it is.
      const held = stack.skipsStore ? null : await lookUp(key).catch(() => null);
      await lead(key, 'behind', held);
    },
    async put(key, loaded, { storedAtMs, recomputeMs }) {
      const ttlMs = stack.lifetimes.reduce((baseMs, layer) => layer.ttlMs(key, baseMs), options.ttlMs);
      const expiresAtMs = storedAtMs + ttlMs;
      const keepMs = expiresAtMs - clock.nowMs() + stack.keepAfterTtlMs;
      if (stack.skipsStore || keepMs <= 0) return false; // outlived before it was stored
      return stack.store.set({ ...loaded, key, storedAtMs, expiresAtMs, recomputeMs }, { keepMs, fill: true });
    },
    async created(key) {
      for (const layer of stack.admission) await layer.created(key);
    },
    async start() {
      const outcomes = await Promise.allSettled(stack.layers.map(async (layer) => layer.start?.()));
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') log.warn(`a layer could not start: ${messageOf(outcome.reason)}`);
    },
    idle,
    async close() {
      await idle();
      await Promise.allSettled(stack.layers.map(async (layer) => layer.close?.()));
    },
  };
}
