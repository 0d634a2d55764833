/**
 * What is measured: how to start it and how operations map to requests. The reference shop is one target; a service
 * of the user's own is another, described with nothing but a command or URL and a mapping.
 */
import type { OperationId, RequestTemplate } from './operation.ts';
import type { RunPlan } from './plan.ts';

/**
 * What an instance is told of its surroundings. Addresses lead through the instance's own proxies; they are empty where
 * the run has no servers, which only a target that needs none is started in.
 */
export interface InstanceSurroundings {
  index: number;
  instances: number;
  redisUrl: string;
  postgresUrl: string;
  /** Servers that the store asked for, and `postgres-replica` where there is one, by name. */
  servers?: Readonly<Record<string, string>>;
  /** The address to listen on; port 0 where the instance chooses and says so in its ready line. */
  listenHost: string;
  listenPort: number;
}

export interface QueryRunner {
  query<R extends Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<R[]>;
}

/** What the database says about purchases after the drain. */
export interface Reconciliation {
  products: { product: number; initialStock: number; remainingStock: number }[];
  orders: { orderId: string; product: number; user: number; quantity: number }[];
  /** Orders acknowledged but still queued for the database. */
  pending: number;
}

/** What the database says of writes after the drain. Keys are numbers, as the traffic draws them. */
export interface WriteHistory {
  /** Every version that a write has made, also where a later one has overtaken it. Times by the database's clock, epoch ms. */
  versions: { key: number; version: number; writeId: string; committedAtMs: number }[];
  /** Versions of the rows that were written, now. */
  rows: { key: number; version: number }[];
}

/** A server that the harness starts, breaks and watches. */
export type Dependency = 'redis' | 'postgres';

/** One instance is Node with a module of this package, by its path without extension. It prints a {@link ReadyLine}. */
export interface EntryCommand {
  entry: string;
}

/** One instance is a program of this machine, run without a shell. Not in the docker environment. */
export interface ProgramCommand {
  /** Program and arguments; a program without a slash is looked for in the PATH. */
  argv(plan: RunPlan, surroundings: InstanceSurroundings): readonly string[];
  /** Absolute. */
  cwd: string;
  /** `where-told`: on `listenPort`, which is drawn anew where it is taken. `says-where`: it prints a {@link ReadyLine}. */
  listens: 'where-told' | 'says-where';
  /** What tells it where to listen, for messages: for example `PORT`. */
  toldBy: string;
}

/** One instance is a container of this image. Only in the docker environment. */
export interface ImageCommand {
  image: string;
  /** Where it listens inside. */
  containerPort: number;
  /** In place of the image's own arguments; null for those. */
  arguments: ((plan: RunPlan, surroundings: InstanceSurroundings) => readonly string[]) | null;
}

/** What runs already: one base URL for each instance, without a path. Nothing is started or stopped. */
export interface UrlsCommand {
  urls: readonly string[];
}

export type TargetCommand = EntryCommand | ProgramCommand | ImageCommand | UrlsCommand;

/** Where the servers of a run are, directly and around the proxies; null for one that the run has not got. */
export interface SeedSurroundings {
  redisUrl: string | null;
  postgresUrl: string | null;
  instances: number;
}

export interface Target {
  id: string;
  title: string;
  operations: Partial<Record<OperationId, RequestTemplate>>;
  /** How one instance is started. */
  command: TargetCommand;
  /**
   * True for a service that is not the reference shop: cache, stampede defence and writes are its own business, so a
   * plan has none of ours for it. Not given: false.
   */
  own?: true;
  /** Servers that it needs of ours; both where not given. What it does not need is not watched and not broken. */
  needs?: readonly Dependency[];
  /** Environment variables of one instance. */
  environment(plan: RunPlan, surroundings: InstanceSurroundings): Record<string, string>;
  /** Names of variables of the harness's own environment that are handed through. */
  passEnvironment?: readonly string[];
  readyPath: string;
  /** The status that says "ready", null for any 2xx; and how long that may take. Not given: any 2xx within 20 s. */
  ready?: { status: number | null; timeoutMs: number };
  /** Processes that run beside the instances, with the environment of the first; they print a ready line with port 0. */
  helpers?(plan: RunPlan): readonly { name: string; entry: string }[];
  /** The server `postgres-replica` among the surroundings is used for reads where the plan has one. */
  readsFromReplica?: true;
  /** Creates and fills the schema, on a direct connection. Idempotent: the state afterwards is the same each time. */
  seed(plan: RunPlan, sql: QueryRunner, around: SeedSurroundings): Promise<void>;
  /** Returns the data to the state before traffic, quickly, without filling it anew. */
  reset(plan: RunPlan, sql: QueryRunner, around: SeedSurroundings): Promise<void>;
  reconcile?(sql: QueryRunner): Promise<Reconciliation>;
  /** For profiles that write: where given, stale reads and lost writes can be found out. */
  writeHistory?(sql: QueryRunner): Promise<WriteHistory>;
}

export function defineTarget(target: Target): Target {
  return target;
}

/** What an instance prints on stdout, as one line of JSON, when it accepts requests. */
export interface ReadyLine {
  cachequake: 'ready';
  port: number;
}

/**
 * What `GET /cachequake/probe?since=N` of a target answers, where it has it. Load events are numbered from 1; `since`
 * is the last number that the caller has seen.
 */
export interface ServiceProbeAnswer {
  nowMs: number;
  eventLoopDelayP99Ms: number;
  eventLoopDelayMaxMs: number;
  rssBytes: number;
  /** User and system time since start. */
  cpuMs: number;
  loadsInFlight: number;
  loadsInFlightMaxPerKey: number;
  /** Totals since start. */
  cacheOutcomes: Record<string, number>;
  lastLoad: number;
  /** Columns, to keep it small. */
  loads: {
    key: string[];
    cause: string[];
    /** Not given by targets that do not tell. */
    wantedAtMs?: number[];
    startedAtMs: number[];
    endedAtMs: number[];
    ok: boolean[];
    filled: boolean[];
  };
  /** True where events were lost because nobody asked for too long. */
  lostLoads: boolean;
  stock: { acceptedOrders: number; pendingOrders: number };
  /** Requests of the traffic that reached the service, what their answers' bodies weighed, and how many were 304. Totals since start. */
  traffic?: { requests: number; bodyBytes: number; notModified: number };
}

/** What `GET /cachequake/writes` of a target answers, where it has it. */
export interface WriteSideAnswer {
  /** Acknowledged and not in the database yet, or not told to the cache yet. */
  pending: number;
  /** Put aside since they could not be handled. */
  deadLetters: number;
  /** Acknowledged writes that may be missing, at most, after the cache has lost its memory. */
  lossBound: number;
  /** From the commit until the cache was told, for strategies that tell it later; null for the others. */
  lagP50Ms: number | null;
  lagP99Ms: number | null;
  lagMaxMs: number | null;
}
