/**
 * Where cached values live. Every method is one round trip or one script, so that what a defence costs can be
 * counted, and a store says what it can do, so that a stack that needs more is refused before the run.
 */

/** A cached value with what is needed to judge its age and its cost. */
export interface Entry<T> {
  value: T;
  /** Version from the database row; grows with each write. */
  version: number;
  /** The key the value belongs to; an answer with another key is a mixed-up answer. */
  key: string;
  storedAtMs: number;
  /** End of the logical TTL. Judged from here, never from the store's own expiry. */
  expiresAtMs: number;
  /** How long the load took that made this value (δ). */
  recomputeMs: number;
  /** A marker: the row does not exist. The value is then null, and the version 0. */
  absent?: true;
}

/**
 * `lease`: {@link Store.lease} and `whileLeaseToken`. `subscribe`: {@link Store.subscribe} and {@link Store.announce}.
 * `tombstone`: a delete may leave the version below which nothing may be stored. `track`: {@link Store.track}.
 * `not-older`: {@link SetOptions.ifNotOlder}.
 */
export const STORE_CAPABILITIES = [
  'get',
  'set',
  'delete',
  'lock',
  'lease',
  'subscribe',
  'tombstone',
  'track',
  'not-older',
] as const;
export type StoreCapability = (typeof STORE_CAPABILITIES)[number];

export interface SetOptions {
  /** How long the store keeps the entry physically; at least the logical TTL. */
  keepMs: number;
  /** Store only where nothing is there. */
  ifAbsent?: boolean;
  /** Store only where what is there has a smaller version. */
  ifNewer?: boolean;
  /** Store only where neither what is there nor a tombstone has a greater version: a refresh of the same one may. */
  ifNotOlder?: boolean;
  /** Store only while the lock of this key is still held with this token. */
  whileLockToken?: string;
  /** Store only while the lease of this key is still the one handed out with this token; storing ends the lease. */
  whileLeaseToken?: string;
  /** Store only where nothing is there, or what is there has ended its TTL by this time, epoch ms. */
  ifExpiredAtMs?: number;
  /** The value was read for readers and not just written: whoever keeps copies need not be told. */
  fill?: true;
}

export interface DeleteOptions {
  /**
   * Leaves a mark that refuses, for `keepMs`, every `ifNewer` set of this version or an older one. Where the entry or
   * mark that was there has a greater version, the mark takes that one.
   */
  tombstone?: { version: number; keepMs: number };
}

/** What a reader was given: an entry to serve, the right to fill, both (a stale entry), or neither (somebody else has it). */
export interface LeaseAnswer<T> {
  entry: Entry<T> | null;
  /** True where this token may now load and fill. */
  granted: boolean;
}

export interface InvalidationListener {
  /** The entry of this key was changed or removed by somebody. */
  invalidated(key: string): void;
  /** Messages may have been missed: nothing that was kept can be trusted. Called again at each loss. */
  lost(): void;
  /** After a loss: from now on nothing is missed any more. A store that never tells so is lost for good. */
  restored?(): void;
}

export interface Subscription {
  close(): Promise<void>;
}

/** A cache. Every method rejects when the store cannot be reached within its time limit. */
export interface Store {
  readonly id: string;
  readonly capabilities: ReadonlySet<StoreCapability>;
  get<T>(key: string): Promise<Entry<T> | null>;
  /** Resolves to whether the entry was stored. */
  set<T>(entry: Entry<T>, options: SetOptions): Promise<boolean>;
  /** Removes the entry and voids lock and lease of the key, so that a load that began before cannot fill. */
  delete(key: string, options?: DeleteOptions): Promise<void>;
  /** `SET lock token NX PX ttl`: resolves to whether the lock was taken. */
  lock(key: string, token: string, ttlMs: number): Promise<boolean>;
  /** Compare-and-delete: resolves to whether the token still held the lock. */
  unlock(key: string, token: string): Promise<boolean>;
  /**
   * Reads, and where nothing fresh is there hands out the right to fill, once per key and `leaseMs`. One script.
   *
   * @param nowMs entries whose TTL has ended by then are not fresh, epoch ms
   */
  lease?<T>(key: string, token: string, leaseMs: number, nowMs: number): Promise<LeaseAnswer<T>>;
  /**
   * Gives a lease back without a fill: resolves to whether the token still held it. Where a store lacks this, a lease
   * that stored nothing ends with its time.
   */
  endLease?(key: string, token: string): Promise<boolean>;
  /** Hears of invalidations by all instances; resolves once nothing can be missed any more. */
  subscribe?(listener: InvalidationListener): Promise<Subscription>;
  /** Tells all subscribers that the entry of this key has changed. */
  announce?(key: string): Promise<void>;
  /** Hears of every change of an entry by anybody, told by the store itself; one's own changes included. */
  track?(listener: InvalidationListener): Promise<Subscription>;
}
