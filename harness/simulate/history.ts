/** Everything that happened in one simulation, kept so that invariants can be judged afterwards. */
import type { Entry } from '../contract/store.ts';
import type { Commit, QueryTimes } from './database.ts';
import type { Outage } from './outage.ts';
import type { CrashRecord, ReadRecord, UnfinishedRead, WriteRecord } from './records.ts';
import { simulate, type SimulationOptions } from './simulation.ts';

/** An entry that the store took. */
export interface Fill {
  key: string;
  version: number;
  ttlMs: number;
  atMs: number;
}

export interface History {
  seed: number;
  instances: number;
  reads: ReadRecord[];
  writes: WriteRecord[];
  commits: readonly Commit[];
  queries: QueryTimes[];
  fills: Fill[];
  /** `version`: below which nothing may be stored from then on, where it was said. */
  deletes: { key: string; atMs: number; version?: number }[];
  crashes: CrashRecord[];
  unfinished: UnfinishedRead[];
  unclosed: string[];
  outages: readonly Outage[];
  timeoutMs: number;
  /** No message took longer one way, ms. */
  longestDelayMs: number;
}

/** Simulates and keeps everything: for short simulations only. */
export async function recordHistory(options: Omit<SimulationOptions, 'observer'>): Promise<History> {
  const kept = { reads: [], writes: [], queries: [], fills: [], deletes: [], crashes: [] } as Pick<
    History,
    'reads' | 'writes' | 'queries' | 'fills' | 'deletes' | 'crashes'
  >;
  const { database, unfinished, unclosed, network } = await simulate({
    ...options,
    observer: {
      read: (read) => void kept.reads.push(read),
      written: (write) => void kept.writes.push(write),
      queried: (query) => void kept.queries.push(query),
      crashed: (crash) => void kept.crashes.push(crash),
      set: (entry, _, stored, atMs) => {
        if (stored) kept.fills.push(fillOf(entry, atMs));
      },
      deleted: (key, atMs, how) =>
        void kept.deletes.push({ key, atMs, ...(how?.tombstone && { version: how.tombstone.version }) }),
    },
  });
  return {
    ...kept,
    seed: options.seed,
    instances: options.instances,
    commits: database.commits,
    unfinished,
    unclosed,
    outages: options.outages ?? [],
    timeoutMs: options.timeoutMs ?? 0,
    longestDelayMs: network.longestDelayMs,
  };
}

function fillOf({ key, version, expiresAtMs, storedAtMs }: Entry<unknown>, atMs: number): Fill {
  return { key, version, ttlMs: expiresAtMs - storedAtMs, atMs };
}
