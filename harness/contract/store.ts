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
}

export type StoreCapability = 'get' | 'set' | 'delete' | 'lock' | 'lease' | 'subscribe';

export interface SetOptions {
  /** How long the store keeps the entry physically; at least the logical TTL. */
  keepMs: number;
  /** Store only where nothing is there. */
  ifAbsent?: boolean;
  /** Store only where what is there has a smaller version. */
  ifNewer?: boolean;
  /** Store only while the lock of this key is still held with this token. */
  whileLockToken?: string;
  /** Store only where nothing is there, or what is there has ended its TTL by this time, epoch ms. */
  ifExpiredAtMs?: number;
}

/** A cache. Every method rejects when the store cannot be reached within its time limit. */
export interface Store {
  readonly id: string;
  readonly capabilities: ReadonlySet<StoreCapability>;
  get<T>(key: string): Promise<Entry<T> | null>;
  /** Resolves to whether the entry was stored. */
  set<T>(entry: Entry<T>, options: SetOptions): Promise<boolean>;
  /** Removes the entry and voids the lock of the key, so that a load that began before cannot fill. */
  delete(key: string): Promise<void>;
  /** `SET lock token NX PX ttl`: resolves to whether the lock was taken. */
  lock(key: string, token: string, ttlMs: number): Promise<boolean>;
  /** Compare-and-delete: resolves to whether the token still held the lock. */
  unlock(key: string, token: string): Promise<boolean>;
}
