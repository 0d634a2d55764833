/** A run, frozen and explained before anything starts. Everything that shapes the result stands in it. */
import type { EnvironmentId } from './environment.ts';
import type { LoadSpec } from './load.ts';
import type { Dataset, FaultEvent, Study } from './profile.ts';

export type Provenance = 'default' | 'profile' | 'config' | 'environment' | 'flag';

/** A defence, store, write or stock strategy with its parameters complete. */
export interface PlannedPart {
  id: string;
  parameters: Record<string, unknown>;
  /** Path of a file of the user's own; null for those that come with the harness. */
  file: string | null;
}

export interface Prediction {
  /** Loads per expiry of the hot key. */
  loadsPerExpiry: number;
  /** The formula's inputs, shown beside it. */
  ratePerSec: number;
  recomputeSec: number;
  by: string;
}

/** An HTTP cache in front of the instances, with what the service tells it in `Cache-Control`. */
export interface PlannedEdge {
  id: 'nginx';
  parameters: {
    sMaxAgeSec: number;
    staleWhileRevalidateSec: number;
    maxAgeSec: number;
    /** One request at a time fetches a page that the edge has not got. */
    lock: boolean;
  };
}

/** A streaming replica of Postgres, which the service reads from and does not write to. */
export interface PlannedReplica {
  /** How much later than the primary it applies a commit, at least (`recovery_min_apply_delay`). */
  applyDelayMs: number;
}

export interface RunPlan {
  planVersion: 1;
  profile: { id: string; title: string; prose: string; parameters: Record<string, unknown> };
  target: { id: string; title: string };
  /** The stack as written, for example `xfetch+single-flight`. */
  defence: string;
  stack: PlannedPart[];
  /** What tells this run from the others of its comparison; the stack where it is alone. */
  label: string;
  /** Where cached values live. */
  store: PlannedPart;
  /** What becomes of the cache on a write; null where the profile does not write. */
  write: PlannedPart | null;
  /** The situation that the traffic needs beside the product page; null where none. */
  workload: PlannedPart | null;
  stock: PlannedPart | null;
  /** Null where traffic goes to the instances directly. */
  edge: PlannedEdge | null;
  /** Not given where reads and writes go to one Postgres. */
  readReplica?: PlannedReplica;
  purchasesPerUser: number | null;
  /** How often one user may try to buy per second; not given for no limit. */
  perUserPerSec?: number;
  environment: EnvironmentId;
  instances: number;
  seed: number;
  dataset: Dataset;
  ttlMs: number;
  hotKey: { key: number; share: number } | null;
  /** `CONFIG SET` before the run, put back after it. */
  redisConfig?: Readonly<Record<string, string>>;
  study?: Study;
  load: LoadSpec;
  faults: FaultEvent[];
  checks: string[];
  thresholds: string[];
  prediction: Prediction | null;
  /** Settings of the service: client time limits and pool sizes. */
  service: { redisTimeoutMs: number; postgresTimeoutMs: number; postgresPool: number };
  /** Limits beyond which the run is invalid. */
  validity: { maxDroppedShare: number; maxRateError: number; maxLagP99Ms: number; maxGeneratorCpuShare: number };
  /** Where each setting came from, by its path. */
  provenance: Record<string, Provenance>;
}
