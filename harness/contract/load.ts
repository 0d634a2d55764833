/**
 * What traffic is offered, as data: arrival segments, key streams and weighted operations; and what came of it.
 * The same spec and seed give the same sequence of (time, operation, key, user), whatever the target does.
 */
import type { CacheOutcome } from './defence.ts';
import type { OperationId, RequestOutcome, RequestTemplate } from './operation.ts';

/** A stretch of time in which the rate goes in a straight line from one value to another. */
export interface ArrivalSegment {
  /** Shown in charts, for example `warm-up`, `baseline`, `sale`. */
  name: string;
  durationMs: number;
  fromRatePerSec: number;
  toRatePerSec: number;
  /** False for warm-up: sent and counted, but in no recorded figure. */
  recorded: boolean;
}

/** Where keys come from. Keys are integers from 0 to `keys - 1`. */
export type KeyStream =
  | { kind: 'single'; key: number }
  | { kind: 'uniform'; keys: number }
  /** Rejection-inversion of Hörmann and Derflinger (1996); any exponent from 0 up, 1.0 included. */
  | { kind: 'zipf'; keys: number; exponent: number }
  /** A share of requests goes evenly to the first `hotKeys`, the rest evenly to the others. */
  | { kind: 'hot-set'; keys: number; hotKeys: number; hotShare: number }
  | { kind: 'sequential'; keys: number }
  | { kind: 'mixture'; parts: readonly { weight: number; stream: KeyStream }[] }
  /** The keys of another stream, moved up by a number: for example behind the last key that exists. */
  | { kind: 'offset'; by: number; stream: KeyStream }
  /** One key per line of a file, repeated from the start when it ends. */
  | { kind: 'replay'; file: string };

export interface LoadOperation {
  operation: OperationId;
  weight: number;
  keys: KeyStream;
  /** Names of the segments it belongs to; in all of them where not given. A closed loop knows no segments. */
  segments?: readonly string[];
  /** Keys from this one on are not in the database, so that an answer that says so is right; not given: all are there. */
  absentFromKey?: number;
  /** The version of every answer is kept (`ETag`), so that stale reads can be found out; for profiles that write. */
  recordVersions?: true;
  request: RequestTemplate;
}

/**
 * A recorded trace as the source of arrivals, keys and operations. Segments say only which stretch is recorded; key
 * streams and weights of the operations are not drawn from.
 */
export interface ReplaySpec {
  /** CSV in the format of Twitter's public cache traces, or with a header line; absolute path. */
  file: string;
  /** 2 replays in half the time. */
  speed: number;
  /** Requests at most, from the start of the file. */
  maxRequests: number;
  /** Keys are numbered in order of appearance, from 0, and folded into this many. */
  keys: number;
}

export interface LoadSpec {
  seed: number;
  engine: 'open-loop' | 'saturation';
  arrivals: 'poisson' | 'constant';
  /** For the open loop: the rate over time. For saturation only the durations count. */
  segments: readonly ArrivalSegment[];
  operations: readonly LoadOperation[];
  /** Open loop only. */
  replay?: ReplaySpec;
  /** Users are drawn evenly from 0 to `users - 1`. */
  users: number;
  timeoutMs: number;
  /** Cap on requests in flight over all generators; what cannot be sent is counted as dropped. */
  maxInFlight: number;
  /** Keep-alive connections to each instance, over all generators. */
  connectionsPerInstance: number;
  generatorProcesses: number;
}

export type PhaseName = 'before' | 'during' | 'after';

/** Latency histogram of one phase × operation × outcome × cache outcome. */
export interface HistogramRecord {
  /** `run` where no fault was planned; otherwise before, during, after. Warm-up is not recorded. */
  phase: PhaseName;
  operation: OperationId;
  outcome: RequestOutcome;
  /** From `Cache-Status`; null where the target does not tell. */
  cacheOutcome: CacheOutcome | null;
  /** `intended`: from the intended arrival. `service`: from the actual send. */
  clock: 'intended' | 'service';
  count: number;
  /** HdrHistogram V2, compressed, base64; microseconds, 3 significant digits, 1 µs to 120 s. */
  hdr: string;
}

/** Counts per slot of intended arrival time. All arrays have the same length. */
export interface LoadSlots {
  /** Start of the first slot, epoch ms: the start of the first recorded segment. */
  startedAtMs: number;
  slotMs: number;
  offered: number[];
  sent: number[];
  completed: number[];
  dropped: number[];
  maxInFlight: number[];
  outcomes: Partial<Record<RequestOutcome, number[]>>;
  cacheOutcomes: Partial<Record<CacheOutcome, number[]>>;
  /** Latency from intended send: counts per bucket, one row per slot. Bucket i covers [edges[i], edges[i+1]) µs. */
  latencyBucketEdgesUs: number[];
  latencyCounts: number[][];
}

/** One recorded write: what the client knows of it. */
export interface WriteRecord {
  id: string;
  operation: OperationId;
  key: number;
  user: number;
  /** Milliseconds from the start of the first recorded segment; negative in warm-up. */
  sentMs: number;
  /** When its answer came or the client gave up, on the same clock; not known to older evidence. */
  endedMs?: number;
  status: 'acknowledged' | 'rejected' | 'unknown';
  /** Of the answer, where the operation records versions and the answer told it. */
  version?: number;
}

/** Reads with the version that they were answered with, in columns of one length. Warm-up is not recorded. */
export interface VersionReads {
  key: number[];
  version: number[];
  user: number[];
  /** Milliseconds from the start of the first recorded segment. */
  sentMs: number[];
  endedMs: number[];
  /** Reads beyond what a generator keeps: counted, and nothing else is known of them. */
  dropped: number;
}

export interface GeneratorEvidence {
  processes: number;
  /** Scheduling lag: actual minus intended send, µs. */
  lagP50Us: number;
  lagP99Us: number;
  lagMaxUs: number;
  /** Highest share of one core used by any generator process in any second. */
  cpuShareMax: number;
  cpuShareMean: number;
  connectionsOpened: number;
  connectionsReplaced: number;
}

/** All that the generators saw, merged over processes. */
export interface LoadEvidence {
  startedAtMs: number;
  endedAtMs: number;
  slots: LoadSlots;
  histograms: HistogramRecord[];
  writes: WriteRecord[];
  /** Where an operation records versions. */
  versionReads?: VersionReads;
  generator: GeneratorEvidence;
  /** Up to 20 first examples of wrong answers and errors, as text. */
  examples: string[];
  /** True when the load was stopped before its plan ended. */
  interrupted: boolean;
}

/** A running load. */
export interface RunningLoad {
  /** When the first recorded segment starts, epoch ms. */
  readonly measuredFromMs: number;
  /** Requests intended from `atMs` on belong to this phase; those still in flight at the start of `during` as well. */
  mark(phase: PhaseName, atMs: number): void;
  /** Resolves when every request has ended or timed out. */
  readonly done: Promise<LoadEvidence>;
  /** Stops sending, waits for what is in flight, and lets `done` resolve with what there is. */
  stop(): void;
  /** Ends the generator processes at once. */
  kill(): void;
  /** Called about once a second. */
  onProgress(listener: (progress: LoadProgress) => void): void;
}

export interface LoadProgress {
  segment: string;
  elapsedMs: number;
  totalMs: number;
  offeredPerSec: number;
  completedPerSec: number;
  errors: number;
  p99Us: number;
}

/** Generator processes that are started and warm, and do not know yet where to send. Leaving the block ends them. */
export interface PreparedLoad extends AsyncDisposable {
  /** Opens connections and starts traffic against the instances' base URLs. */
  start(baseUrls: readonly string[]): Promise<RunningLoad>;
}

export interface LoadEngine {
  id: LoadSpec['engine'];
  /** Starts the generators while something else is being started; they send nothing yet. */
  prepare(spec: LoadSpec): PreparedLoad;
  /** Both steps in one. */
  start(spec: LoadSpec, baseUrls: readonly string[]): Promise<RunningLoad>;
}
