/** What the suite and its worker processes say to each other: calls with an answer, both ways, over Node's IPC. */
import type { MeasuredFacts } from './_case.ts';
import type { CrowdResult } from './_crowd.ts';

export interface OpenArguments {
  subject: string;
  redisUrl: string;
  namespace: string;
  ttlMs: number;
  recomputeMs: number;
  commandTimeoutMs: number;
}

export interface LoadArguments {
  key: string;
  readers: number;
  /** Pause of a reader between an answer and the next read, ms. */
  pauseMs: number;
  durationMs: number;
}

export interface LoadAnswer {
  reads: number;
  failed: number;
  /** When each load began, epoch ms. */
  loadsAtMs: number[];
  /** Encoded histogram of read latencies, µs. */
  latency: string;
}

/** What a worker can be asked. */
export interface WorkerMethods {
  /** One case of one process, from opening to facts. */
  runCase(args: { subject: string; redisUrl: string; namespace: string; caseId: string }): Promise<MeasuredFacts>;
  open(args: OpenArguments): Promise<null>;
  crowd(args: { key: string; callers: number; ms: number }): Promise<CrowdResult & { loads: number }>;
  write(args: { version: number }): Promise<null>;
  remove(args: { key: string }): Promise<null>;
  /** How long the old value is served, from now. */
  oldAfterDelete(args: { key: string; fresh: number }): Promise<{ atOnce: boolean; oldForMs: number }>;
  load(args: LoadArguments): Promise<LoadAnswer>;
  /** How long it has waited for a core since `open`, ms; null where the system does not tell. */
  starved(args: null): Promise<number | null>;
}

export type RedisAction = 'freeze' | 'thaw' | 'stop' | 'restart';

export type ToWorker =
  | { call: number; method: keyof WorkerMethods; args: unknown }
  | { redisDone: number; error: string | null };
export type FromWorker =
  | { ready: true }
  | { answer: number; result: unknown }
  | { answer: number; error: string }
  | { redis: number; action: RedisAction };
