/**
 * A situation that needs more than the product page: counters, sessions, feeds, tokens. One file per workload in
 * `targets/workloads/` holds its tables, what it answers and how it is audited; the shop serves it beside its own
 * pages, and a profile of traffic names it.
 */
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { z } from 'zod';
import type { Answer, CacheOutcome, Loader } from './defence.ts';
import type { OperationId, RequestTemplate } from './operation.ts';
import type { QueryRunner } from './target.ts';
import type { Clock, Log, Random } from './time.ts';

/** One request: the numbers that the generator drew, and an id that is unique in the run. */
export interface WorkloadRequest {
  key: number;
  user: number;
  id: string;
}

export interface WorkloadAnswer {
  /** For example 200, 404, or 503 with `retryAfterSec` where it sheds. */
  status: number;
  /** Names what was asked for, so that mixed-up answers are seen. */
  body: Record<string, unknown>;
  /** Where the answer came from, for latency by cache outcome. */
  cache?: CacheOutcome;
  /** Version of what is served, for measures of staleness. */
  version?: number;
  retryAfterSec?: number;
}

/** Reads through the stack of defences of the run. */
export interface CachedReader<T> {
  read(key: string): Promise<Answer<T>>;
  invalidate(key: string): Promise<void>;
  refresh(key: string): Promise<void>;
}

export interface WorkloadContext<P> {
  redis: Redis;
  postgres: Pool;
  clock: Clock;
  random: Random;
  log: Log;
  parameters: P;
  /** Names this process. */
  instance: string;
  index: number;
  instances: number;
  /** TTL of the profile. */
  ttlMs: number;
  /** A reader with its own loader and TTL; its loads are counted like the product page's. Closed by the shop. */
  reader<T>(loader: Loader<T>, ttlMs?: number): CachedReader<T>;
}

export interface WorkloadService {
  handlers: Partial<Record<OperationId, (request: WorkloadRequest) => Promise<WorkloadAnswer>>>;
  /** What was acknowledged and is not in the database yet. */
  pending?(): Promise<number>;
  /** Finishes what is queued and stops its jobs. */
  close(): Promise<void>;
}

/** What the database says about the workload after the drain. */
export interface WorkloadAudit {
  /** By name, for example `counters.total`. */
  figures: Record<string, number>;
  /** What must not be, in words; the run fails where there is any. */
  problems: string[];
}

export interface Workload<S extends z.ZodObject = z.ZodObject> {
  /** Equals the file's name. */
  id: string;
  title: string;
  /** The real situation, and what its strategies differ in. */
  prose: string;
  source: string;
  parameters: S;
  /** The requests of its operations; they take the place of the target's own. */
  operations: Partial<Record<OperationId, RequestTemplate>>;
  /** Creates and fills its tables, in the schema `shop`. The state afterwards is the same each time. */
  seed(parameters: z.output<S>, sql: QueryRunner): Promise<void>;
  audit?(parameters: z.output<S>, sql: QueryRunner): Promise<WorkloadAudit>;
  create(context: WorkloadContext<z.output<S>>): Promise<WorkloadService>;
}

/** Declares a workload. A file in `targets/workloads/` exports the result as its default. */
export function defineWorkload<S extends z.ZodObject>(workload: Workload<S>): Workload<S> {
  return workload;
}

/** The request of a workload's operation: its own route, with the user and the id in the query. */
export function workloadRequest(
  operation: OperationId,
  more: Partial<RequestTemplate> & { write?: boolean } = {},
): RequestTemplate {
  const { write = false, ...rest } = more;
  return {
    method: write ? 'POST' : 'GET',
    path: `/workload/${operation}/{key}?user={user}&id={id}`,
    identity: `"key":"${operation}:{key}"`,
    ...rest,
  };
}
