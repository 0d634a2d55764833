/** A profile is a workload: data and pure functions, no I/O. It opens with the real situation that it stands for. */
import type { z } from 'zod';
import type { ArrivalSegment, LoadOperation, LoadSpec, ReplaySpec } from './load.ts';

export interface WaitCost {
  kind: 'wait';
  waitMs: number;
  /** Evenly up to this share shorter or longer, drawn for each load; always the same where not given. */
  spread?: number;
}

/** What must be in the database before traffic starts. */
export interface Dataset {
  products: number;
  reviewsPerProduct: number;
  /** Units of each product. */
  stock: number;
  /** How a product page is made expensive: real work in the database, or waiting (`pg_sleep`). */
  cost: { kind: 'cpu' } | WaitCost;
  /** Keys that are put into the cache before traffic starts, all with the same TTL; 0 for none. */
  preloadKeys: number;
  /** False: the database has no index on the reviews of a product, and walks over all of them. */
  reviewsIndex?: boolean;
  /** Size of an item's answer, filled up or shortened; as it comes where not given. */
  payloadBytes?: number;
}

/** What a profile is out to measure beyond the usual; each has measures of its own. */
export type Study =
  /**
   * Up to which rate a limit holds. A window fails when its p99 is above the limit, or when a larger share of its
   * requests than allowed was an error, shed or dropped. The rate has broken at the first of two failed windows in a row.
   */
  | { kind: 'breakpoint'; windowMs: number; p99Ms: number; maxFailedShare: number }
  /** What grows over the run: straight lines through the samples after the settling share of the run. */
  | { kind: 'drift'; settleShare: number };

export interface ProfileTraffic {
  arrivals: LoadSpec['arrivals'];
  segments: readonly ArrivalSegment[];
  operations: readonly Omit<LoadOperation, 'request'>[];
  users: number;
  replay?: ReplaySpec;
}

/** A fault at a time: `atMs` counts from the start of the recorded part. `durationMs` 0 for those that only strike. */
export interface FaultEvent {
  fault: string;
  atMs: number;
  durationMs: number;
  parameters?: Record<string, unknown>;
}

/** What a profile becomes once its parameters are known. */
export interface ProfileShape {
  dataset: Dataset;
  traffic: ProfileTraffic;
  /** TTL of cached values. */
  ttlMs: number;
  events: readonly FaultEvent[];
  /** Ids of the checks that must hold. */
  checks: readonly string[];
  /** The key whose expiries are counted and predicted, with its share of reads; null where none is hot. */
  hotKey: { key: number; share: number } | null;
  timeoutMs: number;
  /** A stock strategy, where the profile sells. */
  stock: string | null;
  /** A workload of `targets/workloads/`, for profiles that need more than the product page. */
  workload?: { id: string; parameters?: Readonly<Record<string, unknown>> };
  /** A store other than the default, with parameters of its own; used where nobody chose another. */
  store?: { id: string; parameters?: Readonly<Record<string, unknown>> };
  /** A write strategy other than the default, for profiles that write. */
  write?: string;
  /** An HTTP cache in front of the instances where nobody chose otherwise; none where not given. */
  edge?: 'nginx';
  /** Whether the service reads from a replica of Postgres where nobody chose otherwise; none where not given. */
  postgres?: { replica: boolean; applyDelayMs?: number };
  /** Purchases that one user may make; null for no limit. */
  purchasesPerUser: number | null;
  /** How often one user may try to buy per second, held in Redis; not given for no limit. */
  perUserPerSec?: number;
  /** Settings of Redis during the run (`CONFIG SET`), put back afterwards. */
  redisConfig?: Readonly<Record<string, string>>;
  study?: Study;
  /** Used where nobody set another number of database connections of each instance. */
  postgresPool?: number;
}

export interface Profile<S extends z.ZodObject = z.ZodObject> {
  id: string;
  title: string;
  /** The mix, the real situation, the distribution. */
  prose: string;
  parameters: S;
  shape(parameters: z.output<S>): ProfileShape;
}

export function defineProfile<S extends z.ZodObject>(profile: Profile<S>): Profile<S> {
  return profile;
}
