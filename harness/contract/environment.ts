/**
 * Where a run happens: containers, local processes, or what is already running. One interface and the same result
 * format; only a started stack has addresses, and leaving its `await using` block stops it.
 */
import type { Journal } from './journal.ts';
import type { RunPlan } from './plan.ts';
import type { ServerNeed } from './store-kind.ts';
import type { Target } from './target.ts';

/** `none`: no servers of ours, for a target that needs none; its instances are local processes, or run already. */
export type EnvironmentId = 'docker' | 'local' | 'external' | 'none';

export interface EnvironmentOptions {
  redisImage: string;
  memcachedImage: string;
  postgresImage: string;
  toxiproxyImage: string;
  nodeImage: string;
  nginxImage: string;
  /** For `external`: addresses of what is already there. */
  redisUrl: string | null;
  postgresUrl: string | null;
  toxiproxyUrl: string | null;
  allowDestructive: boolean;
}

export interface Availability {
  available: boolean;
  /** Why, or why not, in one sentence. */
  reason: string;
  hint?: string;
}

/** What a result says about the place it was made in. */
export interface EnvironmentManifest {
  id: EnvironmentId;
  /** Name and version of each part, for example `redis` → `redis-server 7.0.15`. Images with digest. */
  versions: Record<string, string>;
  /** `embedded` where Cachequake's own server stood in for Toxiproxy; `none` where there is nothing to stand before. */
  toxiproxy: 'toxiproxy' | 'embedded' | 'none';
  /** Things a reader of the result must know, for example why the embedded proxy was used. */
  notes: string[];
  machine: { platform: string; cores: number; cpuModel: string; memoryBytes: number; fingerprint: string };
}

/** A toxic as Toxiproxy's HTTP API takes it. */
export interface ToxicSpec {
  name: string;
  type: string;
  stream: 'upstream' | 'downstream';
  toxicity: number;
  attributes: Record<string, number>;
}

/** What drives the proxies. Errors carry the server's own message. */
export interface ToxiproxyControl {
  readonly url: string;
  setEnabled(proxy: string, enabled: boolean): Promise<void>;
  addToxic(proxy: string, toxic: ToxicSpec): Promise<void>;
  removeToxic(proxy: string, toxic: string): Promise<void>;
  /** Connections open now and since start; and, where the server counts them, those a toxic or a cut has touched. */
  connections(proxy: string): Promise<{ open: number; affected: number } | null>;
  reset(): Promise<void>;
}

export interface StartedInstance {
  readonly index: number;
  /** Base URL for traffic. */
  readonly url: string;
  readonly pid: number | null;
  signal(signal: NodeJS.Signals): Promise<void>;
}

/** A process beside the instances. That it ends is no end of the run. */
export interface StartedHelper {
  readonly name: string;
  /** Null where it has ended, or cannot be seen from here. */
  readonly pid: number | null;
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Lets a frozen one go on, and starts one that has ended anew. */
  revive(): Promise<void>;
}

/** An HTTP cache in front of the instances: traffic goes to it, everything else around it. */
export interface StartedEdge {
  readonly url: string;
  /** For example `nginx 1.22.1`. */
  readonly version: string;
}

export interface StartedService extends AsyncDisposable {
  readonly instances: readonly StartedInstance[];
  /** Not given where traffic goes to the instances. */
  readonly edge?: StartedEdge;
  readonly helpers?: readonly StartedHelper[];
  /** Rejects when an instance ends by itself; never resolves. */
  readonly died: Promise<never>;
}

/** A server that a store asked for, with its direct address, around the proxies. */
export interface StartedServer extends ServerNeed {
  url: string;
}

export interface StartedStack extends AsyncDisposable {
  readonly manifest: EnvironmentManifest;
  /** Direct addresses, around the proxies, for probes, faults and seeding; null where there is no such server. */
  readonly redisUrl: string | null;
  readonly postgresUrl: string | null;
  /** Servers of the stores beside the one Redis. */
  readonly servers: readonly StartedServer[];
  readonly toxiproxy: ToxiproxyControl;
  /** Proxy names by instance: `redis-0`, `postgres-0`, and those of the stores' servers, which are caches too. */
  readonly proxies: readonly { name: string; dependency: 'redis' | 'postgres'; instance: number }[];
  /** Stops and starts Redis without persistence: a cold restart. Null where it is not ours. */
  readonly restartRedis: (() => Promise<void>) | null;
  /** CPU time used so far by the servers, ms; null where it cannot be read. */
  cpuMs(part: 'redis' | 'postgres'): Promise<number | null>;
  /** Starts fresh instances of the target; earlier ones must have been disposed. */
  startService(plan: RunPlan, target: Target): Promise<StartedService>;
}

/** A stack that has both servers, as all environments start it but `none`. */
export interface ServerStack extends StartedStack {
  readonly redisUrl: string;
  readonly postgresUrl: string;
}

export interface StartContext {
  /** Servers that the stores of all planned runs ask for. */
  servers: readonly ServerNeed[];
  runId: string;
  /** Folder for logs and the journal. */
  folder: string;
  options: EnvironmentOptions;
  instances: number;
  seed: number;
  /** Everything started is written here first. */
  journal: Journal;
  signal: AbortSignal;
  /** Progress, one line each. */
  progress(line: string): void;
}

export interface Environment<S extends StartedStack = StartedStack> {
  id: EnvironmentId;
  title: string;
  available(options: EnvironmentOptions): Promise<Availability>;
  start(context: StartContext): Promise<S>;
}
