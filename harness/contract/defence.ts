/**
 * A read goes through six layers, always in this order: admission, tier, freshness, coordination, guard, lifetime.
 * A defence is one small file that fills one layer; a stack of defences is a set, not a sequence. Nothing but the
 * context reaches the outside, so the same file runs on a real Redis, in a unit test and in virtual time.
 */
import type { z } from 'zod';
import type { Entry, Store, StoreCapability } from './store.ts';
import type { Clock, Log, Random } from './time.ts';

/** The layers in the order in which a read passes them. */
export const LAYERS = ['admission', 'tier', 'freshness', 'coordination', 'guard', 'lifetime'] as const;
export type LayerId = (typeof LAYERS)[number];

/** What a read was answered with. `bypass` means that the store failed and the database was asked. */
export const CACHE_OUTCOMES = ['hit', 'early', 'stale', 'waited', 'miss', 'absent', 'shed', 'bypass'] as const;
export type CacheOutcome = (typeof CACHE_OUTCOMES)[number];

export interface Answer<T> {
  value: T | null;
  outcome: CacheOutcome;
  version: number;
  /** Age of the value when it was served. */
  ageMs: number;
  /** How long this reader waited for somebody else's load. */
  waitedMs: number;
}

/** How good is what was found? */
export type Freshness =
  | { is: 'fresh' }
  /** Early: this reader pays, or it is served and the load runs behind. */
  | { is: 'due'; reader: 'recomputes' | 'goes on' }
  /** May be served while somebody loads: this reader behind its answer, or a process beside the readers. */
  | { is: 'stale'; refreshed?: 'elsewhere' }
  | { is: 'gone' };

/** Why a load was made. `behind` is a refresh after the answer was given. */
export const LOAD_CAUSES = ['miss', 'early', 'behind', 'bypass'] as const;
export type LoadCause = (typeof LOAD_CAUSES)[number];

/** One load, counted where it happens, so that loads per expiry are counted and not inferred. */
export interface LoadEvent {
  key: string;
  cause: LoadCause;
  /** When a reader wanted it, where a guard may have let it wait for its turn; not given where nobody tells. */
  wantedAtMs?: number;
  startedAtMs: number;
  endedAtMs: number;
  /** False where the loader threw. */
  ok: boolean;
  /** False where the value was not stored (lock lost, store away, not newer): a wasted load. */
  filled: boolean;
}

/** What the loader found in the database; `null` where the row does not exist. */
export interface Loaded<T> {
  value: T;
  version: number;
}
export type Loader<T> = (key: string, signal?: AbortSignal) => Promise<Loaded<T> | null>;

/** How a coordination layer restricts the fill that follows a load. */
export interface ProduceOptions {
  /** The fill is refused when the lock of the key is no longer held with this token. */
  whileLockToken?: string;
  /**
   * When the lock runs out by the holder's own clock, epoch ms. A holder that is later than that may still fill where
   * nothing fresh is stored, but never overwrites.
   */
  lockEndsAtMs?: number;
  /** The fill is refused when the lease of the key is no longer the one with this token. */
  whileLeaseToken?: string;
  /** Asked just before the fill; false leaves the store as it is, for example after an invalidation. */
  mayFill?(): boolean;
}

export interface LeadRequest<T> {
  key: string;
  /** True where the reader has its answer already: whoever loses the right to load need not wait. */
  behind?: boolean;
  /** What the reader has in hand; whoever loses the right to load may serve it. */
  stale: Entry<T> | null;
  /** Loads and fills. */
  produce(options?: ProduceOptions): Promise<Answer<T>>;
  /** Looks in the store again: resolves to an entry within its TTL that is another than the one in hand, or null. */
  lookAgain(): Promise<Entry<T> | null>;
}

/** A layer that listens or works beside the reads. Both are called once by the reader. */
export interface LayerLife {
  /** Resolves when the layer may be used; where it rejects the instance starts all the same and the layer is told. */
  start?(): Promise<void>;
  close?(): Promise<void>;
}
export interface FreshnessLayer extends LayerLife {
  /** Judges an entry that the store still held. The plain TTL is judged by the reader when no layer is given. */
  judge(entry: Entry<unknown>): Freshness;
  /** Told where the cache answered that nothing is there. Must not throw. */
  missed?(key: string): void;
}
export interface CoordinationLayer extends LayerLife {
  /** `process`: inside one instance; `cluster`: across instances. A stack holds one of each, the inner first. */
  scope: 'process' | 'cluster';
  lead<T>(request: LeadRequest<T>): Promise<Answer<T>>;
  /** Called on invalidation: a load that began before must not be shared afterwards. */
  forget?(key: string): void;
}
/**
 * Stands before the database, and may stand before the cache as well: a cache that fails or is slow is where the load
 * on the database comes from. Guards chain in the order of their ids; a later one is inside an earlier one.
 */
export interface GuardLayer extends LayerLife {
  /**
   * Asks the database, not at all, once or twice. A refusal is an error thrown before `load` was called: the read is then
   * shed, or answered with what is still in hand.
   */
  ask<T>(key: string, load: () => Promise<T>, cause: LoadCause): Promise<T>;
  /** False makes reads of the cache fail at once, without asking it. Deletes always go through. */
  mayAskCache?(): boolean;
  /** An operation of the cache has ended well, whatever was found. Told of every operation that was let through. */
  cacheAnswered?(tookMs: number): void;
  /** An operation of the cache has failed or run out of time. */
  cacheFailed?(error: unknown, tookMs: number): void;
  /** A value was found in the cache or loaded, for guards that keep a copy. */
  seen?(entry: Entry<unknown>): void;
  /** What may be served where a load was refused; served as `stale`. */
  lastSeen?(key: string): Entry<unknown> | null;
  /** Called on invalidation: what was seen before must not be served afterwards. */
  forget?(key: string): void;
}
export interface TierLayer extends LayerLife {
  /** Tiers chain in the order of their ids; a later one is nearer to the reader. */
  over(store: Store): Store;
  /** Where given, rows that do not exist are stored as markers that live this long. */
  absentTtlMs?: number;
}
export interface AdmissionLayer extends LayerLife {
  mayExist(key: string): Promise<boolean>;
  /** A row is about to become visible. */
  created(key: string): Promise<void>;
}
export interface LifetimeLayer extends LayerLife {
  /** The logical TTL of a new value. */
  ttlMs(key: string, baseMs: number): number;
  /** Told of every read, before it is answered. */
  seen?(key: string): void;
}
export interface LayerTypes {
  admission: AdmissionLayer;
  tier: TierLayer;
  freshness: FreshnessLayer;
  coordination: CoordinationLayer;
  guard: GuardLayer;
  lifetime: LifetimeLayer;
}

/**
 * Notes between instances and the processes beside them: in order, each taken once, the oldest dropped when too many
 * lie there. Rejects when it cannot be reached.
 */
export interface Mailbox {
  post(box: string, text: string): Promise<void>;
  take(box: string, atMost: number): Promise<string[]>;
}

/** What a defence outside the layers may touch besides. */
export interface AttendContext<P> extends DefenceContext<P> {
  /** Loads and fills whatever is cached. Rejects like a read. */
  refresh(key: string): Promise<void>;
  /** Keys by their reads in the access log, most read first. Rejects where there is no log. */
  mostRead(limit: number): Promise<string[]>;
}

/** A defence that fills no layer: it acts before traffic and on writes. */
export interface Attendant {
  /** Traffic comes when this has settled. May be called again, when the cache was emptied before traffic. */
  beforeTraffic?(): Promise<void>;
  /** A write of this key is committed, and the cache was told. Must not throw. */
  written?(key: string): void;
  /** Ends what still runs. */
  close?(): Promise<void>;
}

/** All that a defence may touch. */
export interface DefenceContext<P> {
  /** As seen from the layer: behind the tiers for admission and tiers, in front of them for the others. */
  store: Store;
  clock: Clock;
  random: Random;
  log: Log;
  parameters: P;
  /** Names this process, for lock tokens. */
  instance: string;
  /** Base TTL of the values, before the lifetime layer. */
  ttlMs: number;
  /** Not given where nothing runs beside the instances. */
  mailbox?: Mailbox;
  /** Every key that exists in the database now; not given where nobody can tell. */
  knownKeys?(): AsyncIterable<string>;
}

/** The figures a prediction is made from. */
export interface PredictionInput<P> {
  /** Reads per second of the key over all instances (λ). */
  ratePerSec: number;
  /** Seconds one recompute takes (δ). */
  recomputeSec: number;
  instances: number;
  ttlSec: number;
  parameters: P;
}

export interface Defence<L extends LayerId = LayerId, S extends z.ZodObject = z.ZodObject> {
  /** Equals the file's name. */
  id: string;
  /**
   * `null` for those that fill no layer: `cache-aside` (the empty stack), `no-cache` (skips it), and those that attend
   * the service beside its reads.
   */
  layer: L | null;
  /** For coordination only: known before creation, so that two of one scope are refused in the plan. */
  scope?: 'process' | 'cluster';
  title: string;
  /** What it is, when it helps, when it does not. */
  prose: string;
  /** Paper, RFC or book. */
  source: string;
  parameters: S;
  needs: readonly StoreCapability[];
  /** Defences that cannot stand beside this one, with the reason. */
  excludes?: Readonly<Record<string, string>>;
  /**
   * True where a read may be answered `shed` while the store and the database work, as part of what the defence
   * promises; by default every read is answered with a value.
   */
  turnsReadersAway?: boolean;
  /** How long after its TTL an entry must still be there; the longest of the stack is used. */
  keepAfterTtlMs?(parameters: z.output<S>): number;
  /** Predicted database loads per expiry of one hot key, or null outside its assumptions. */
  predict?(input: PredictionInput<z.output<S>>): number | null;
  create?(context: DefenceContext<z.output<S>>): LayerTypes[L];
  /** For defences without a layer that act before traffic and on writes. */
  attend?(context: AttendContext<z.output<S>>): Attendant;
  /** Reads are counted into the access log while it stands in the stack. */
  usesAccessLog?: boolean;
}

/**
 * Declares a defence. A file in `targets/defences/`, or one named with `--defence ./mine.ts`, exports the result as
 * its default.
 */
export function defineDefence<L extends LayerId, S extends z.ZodObject>(defence: Defence<L, S>): Defence<L, S> {
  return defence;
}
