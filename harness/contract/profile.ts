/** A profile is a workload: data and pure functions, no I/O. It opens with the real situation that it stands for. */
import type { z } from 'zod';
import type { ArrivalSegment, LoadOperation, LoadSpec } from './load.ts';

/** What must be in the database before traffic starts. */
export interface Dataset {
  products: number;
  reviewsPerProduct: number;
  /** Units of each product. */
  stock: number;
  /** How a product page is made expensive: real work in the database, or waiting (`pg_sleep`). */
  cost: { kind: 'cpu' } | { kind: 'wait'; waitMs: number };
  /** Keys that are put into the cache before traffic starts, all with the same TTL; 0 for none. */
  preloadKeys: number;
}

export interface ProfileTraffic {
  arrivals: LoadSpec['arrivals'];
  segments: readonly ArrivalSegment[];
  operations: readonly Omit<LoadOperation, 'request'>[];
  users: number;
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
  /** Purchases that one user may make; null for no limit. */
  purchasesPerUser: number | null;
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
