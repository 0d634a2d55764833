/**
 * The write side: what becomes of the cache when a row changes. One file per strategy in `targets/writes/`. Nothing
 * but the context reaches the outside, so that the same file runs on real servers and in virtual time.
 */
import type { z } from 'zod';
import type { Loaded } from './defence.ts';
import type { Store, StoreCapability } from './store.ts';
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

/** The database as a strategy sees it. */
export interface WriteDatabase {
  /** Changes the row and raises its version, in one transaction; null where there is no such row. */
  write(request: WriteRequest): Promise<Loaded<unknown> | null>;
}

export interface WriteContext<P> {
  database: WriteDatabase;
  store: Store;
  /** Deletes the entry and forgets the loads of this process that began before. Rejects where the cache is away. */
  invalidate(key: string): Promise<void>;
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
  /** Writes acknowledged but not yet in the database. */
  pending(): Promise<number>;
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
  create(context: WriteContext<z.output<S>>): Promise<WriteService>;
}

/** Declares a write strategy. A file in `targets/writes/` exports the result as its default. */
export function defineWriteStrategy<S extends z.ZodObject>(strategy: WriteStrategy<S>): WriteStrategy<S> {
  return strategy;
}
