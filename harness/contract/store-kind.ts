/**
 * Stores that can be chosen by name: one file per topology or backend in `targets/stores/`. A store says which servers
 * it needs beside the one Redis that every run has, and the environment starts them.
 */
import type { Redis } from 'ioredis';
import type { z } from 'zod';
import type { Store, StoreCapability } from './store.ts';
import type { Clock, Log } from './time.ts';

/** A server that a store needs. Its address reaches the service under this name. */
export interface ServerNeed {
  /** For example `shard-1`; unique in the run. */
  name: string;
  /** `postgres-replica` is no store's, but the plan's: it follows the run's Postgres. */
  kind: 'redis' | 'redis-replica' | 'memcached' | 'postgres-replica';
}

export interface StoreOpenContext<P> {
  /** The service's connection to the Redis that every run has, through its proxy. */
  redis: Redis;
  /** Addresses of the servers that the store asked for, by name, through the instance's own proxies. */
  servers: Readonly<Record<string, string>>;
  /** Time limit of one operation, ms. */
  timeoutMs: number;
  clock: Clock;
  log: Log;
  /** Names this process. */
  instance: string;
  parameters: P;
}

export interface OpenedStore {
  store: Store;
  /** Closes what it opened itself. */
  close(): Promise<void>;
}

export interface StoreKind<S extends z.ZodObject = z.ZodObject> {
  /** Equals the file's name. */
  id: string;
  title: string;
  /** What it is, when it helps, when it does not. */
  prose: string;
  source: string;
  /** What it can do; a stack that needs more is refused in the plan. */
  capabilities: ReadonlySet<StoreCapability>;
  parameters: S;
  /** None where the run's own Redis, or no server, is enough. */
  servers?(parameters: z.output<S>): readonly ServerNeed[];
  open(context: StoreOpenContext<z.output<S>>): Promise<OpenedStore>;
}

/** Declares a store. A file in `targets/stores/` exports the result as its default. */
export function defineStore<S extends z.ZodObject>(kind: StoreKind<S>): StoreKind<S> {
  return kind;
}
