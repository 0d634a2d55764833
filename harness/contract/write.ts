/**
 * The write side: what becomes of the cache when a row changes. One file per strategy in `targets/writes/`. Nothing
 * but the context reaches the outside, so that the same file runs on real servers and in virtual time.
 */
import type { z } from 'zod';
import type { Loaded } from './defence.ts';
import type { DeleteOptions, Store, StoreCapability } from './store.ts';
import type { Clock, Log, Random } from './time.ts';

export interface WriteRequest {
  /** Of the cached value, for example `product:7`. */
  key: string;
  /** Unique in the run, so that a repeat is seen as one. */
  writeId: string;
  user: number;
  /** What is to change, in the target's own terms. */
  change: Record<string, unknown>;
}

/** A write that was acknowledged. */
export interface Written {
  version: number;
  /** False where the cache could not be told: readers may see the old value until its TTL ends. */
  cacheTold: boolean;
}

/** A write whose version was given out before it reached the database. */
export interface VersionedWrite extends WriteRequest {
  version: number;
}

export interface AppliedChange {
  value: unknown;
  change: Record<string, unknown>;
}

/** The database as a strategy sees it. Every method rejects where it does not answer in its time limit. */
export interface WriteDatabase {
  /**
   * Changes the row and raises its version, in one transaction; null where there is no such row.
   *
   * @param options `outbox`: the change is put into the outbox in the same transaction, see {@link WriteContext.outbox}
   */
  write(request: WriteRequest, options?: { outbox?: true }): Promise<Loaded<unknown> | null>;
  /** The whole cached value at its full price, as a reader would load it; null where there is no such row. */
  load(key: string): Promise<Loaded<unknown> | null>;
  /** The version of the row now, at no price; null where there is no such row. */
  versionOf(key: string): Promise<number | null>;
  /**
   * Stores writes that were acknowledged before, in one transaction. A row changes only where its version is smaller,
   * so that a repetition changes nothing; every write id is remembered once, also where a later one has overtaken it.
   * Rejects where any of them cannot be stored, and then none is.
   */
  upsertIfNewer(writes: readonly VersionedWrite[]): Promise<void>;
  /**
   * What becomes of a cached value by a change, without asking the database, and the change in absolute terms: stored
   * twice, or after another was left out, it leads to the same row.
   */
  apply(value: unknown, change: Record<string, unknown>, version: number): AppliedChange;
}

export interface QueuedMessage {
  id: string;
  body: Record<string, unknown>;
  /** How often it was handed out, this time included. */
  deliveries: number;
  /** When it was appended, epoch ms. */
  appendedAtMs: number;
}

/** Where work waits that was acknowledged. What is taken and not acknowledged is handed out again: at least once. */
export interface WorkQueue {
  /**
   * @param most appended only while fewer are waiting; no limit where not given
   * @returns false where the queue was full
   */
  append(body: Record<string, unknown>, most?: number): Promise<boolean>;
  /**
   * Waits for messages and hands each to one taker only, oldest first.
   *
   * @param options `most` at once; `waitMs` for the first; those of a taker that did not acknowledge within
   *   `takeOverMs` go to another
   */
  take(options: { most: number; waitMs: number; takeOverMs: number }, signal?: AbortSignal): Promise<QueuedMessage[]>;
  acknowledge(ids: readonly string[]): Promise<void>;
  /** Puts a message aside that cannot be handled, with the reason, where a person can look at it. */
  bury(message: QueuedMessage, reason: string): Promise<void>;
  /** Messages that were neither acknowledged nor buried. */
  length(): Promise<number>;
  /** Messages that were put aside. */
  deadLetters(): Promise<number>;
}

export interface WriteContext<P> {
  database: WriteDatabase;
  /** As readers have it, behind their tiers: what is set here reaches the copies of other instances too. */
  store: Store;
  /** Deletes the entry and forgets the loads of this process that began before. Rejects where the cache is away. */
  invalidate(key: string, options?: DeleteOptions): Promise<void>;
  /** A queue that all instances share and that lives beside the cache, for example a Redis stream. */
  queue(name: string): WorkQueue;
  /** Changes that were written with `outbox`; nobody appends to it by hand. Takers are woken when one is committed. */
  outbox(): WorkQueue;
  /**
   * The next number for a key, the same sequence for all instances; kept beside the cache.
   *
   * @param first where the sequence begins when it is not known (any more): one more than this
   */
  nextVersion(key: string, first: () => Promise<number>): Promise<number>;
  clock: Clock;
  random: Random;
  log: Log;
  parameters: P;
  /** Names this process. */
  instance: string;
  /** Base TTL of cached values. */
  ttlMs: number;
}

export interface WriteService {
  /** Null where there is no such row. Rejects where the write did not happen, or nobody knows whether it did. */
  write(request: WriteRequest): Promise<Written | null>;
  /** Writes acknowledged but not yet in the database, and changes of which the cache was not told yet. */
  pending(): Promise<number>;
  /** How long after its commit the cache was told of a change, ms: the last ones, for strategies that tell it later. */
  lagsMs?(): readonly number[];
  /** Finishes what is queued and stops workers. */
  close(): Promise<void>;
}

export interface WriteStrategy<S extends z.ZodObject = z.ZodObject> {
  /** Equals the file's name. */
  id: string;
  title: string;
  /** What it is, when it helps, when it does not. */
  prose: string;
  /** Paper, RFC or book. */
  source: string;
  parameters: S;
  needs: readonly StoreCapability[];
  /**
   * The store as readers must use it, for strategies that depend on how readers fill: below all tiers. Readers take the
   * store as it is where this is not given.
   */
  readerStore?(store: Store, context: Pick<WriteContext<z.output<S>>, 'clock' | 'instance' | 'parameters'>): Store;
  /** Acknowledged writes that may be missing, at most, after the cache has lost its memory; none where not given. */
  lossBound?(parameters: z.output<S>): number;
  create(context: WriteContext<z.output<S>>): Promise<WriteService>;
}

/** Declares a write strategy. A file in `targets/writes/` exports the result as its default. */
export function defineWriteStrategy<S extends z.ZodObject>(strategy: WriteStrategy<S>): WriteStrategy<S> {
  return strategy;
}
