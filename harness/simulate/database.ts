/**
 * The simulated database: rows that are nothing but a version, a time that a query takes, and room for so many queries
 * at once. What does not find room waits in line, which is how a stampede turns into latency.
 */
import type { Loaded } from '../contract/defence.ts';
import type { Random } from '../contract/time.ts';
import type { VirtualClock } from '../kit/virtual-clock.ts';
import type { SimulatedProcess } from './process.ts';

/** A row as it is cached and answered: it names its key, so that mixed-up answers are seen. */
export interface SimulatedRow {
  key: string;
  version: number;
}

export interface DatabaseOptions {
  /** How long one load takes once it runs, ms. */
  serviceMs: number;
  /** Service times lie evenly within ± this share of `serviceMs`; 0 for always the same. */
  serviceSpread: number;
  /** Queries that run at once; more wait in line. */
  concurrency: number;
  /** Whether there is such a row; all there are where not given. */
  exists?(key: string): boolean;
}

export interface Commit {
  key: string;
  version: number;
  atMs: number;
}

/** A query, from when it was asked to when its answer was ready. */
export interface QueryTimes {
  key: string;
  process: string;
  askedAtMs: number;
  /** When it saw the row: what is committed later is not in its answer. */
  seenAtMs: number;
  endedAtMs: number;
}

export interface SimulatedDatabase {
  /** What a loader of this process does. */
  load(process: SimulatedProcess, key: string): Promise<Loaded<SimulatedRow> | null>;
  /** Commits the next version of a row after a write's own time; `onCommit` is part of the transaction. */
  write(process: SimulatedProcess, key: string, writeMs: number, onCommit?: (version: number) => void): Promise<number>;
  /** Raises each row to the version given, where its own is smaller; all or, where `check` throws, none. */
  raise(process: SimulatedProcess, rows: readonly SimulatedRow[], writeMs: number, check?: () => void): Promise<void>;
  /** The committed version, 1 before any write. */
  versionOf(key: string): number;
  readonly commits: readonly Commit[];
  readonly queries: number;
  readonly peakRunning: number;
  readonly peakWaiting: number;
}

/** @param onQuery called when a query ends */
export function createDatabase(
  world: VirtualClock,
  random: Random,
  { serviceMs, serviceSpread, concurrency, exists }: DatabaseOptions,
  onQuery?: (query: QueryTimes) => void,
): SimulatedDatabase {
  const versions = new Map<string, number>();
  const commits: Commit[] = [];
  const waiting: (() => void)[] = [];
  let running = 0;
  let queries = 0;
  let peakRunning = 0;
  let peakWaiting = 0;
  const versionOf = (key: string): number => versions.get(key) ?? 1;

  function begin(query: () => void): void {
    if (running >= concurrency) {
      waiting.push(query);
      peakWaiting = Math.max(peakWaiting, waiting.length);
      return;
    }
    running += 1;
    peakRunning = Math.max(peakRunning, running);
    query();
  }
  function end(): void {
    running -= 1;
    const next = waiting.shift();
    if (next) begin(next);
  }

  function commit(key: string, version: number): void {
    versions.set(key, version);
    commits.push({ key, version, atMs: world.nowMs() });
  }

  /** Half of its time lies before the commit, half is the way of its answer. */
  function transaction<R>(process: SimulatedProcess, writeMs: number, work: () => R): Promise<R> {
    return new Promise((resolve, reject) => {
      const answer = (deliver: () => void): void =>
        world.at(world.nowMs() + writeMs / 2, () => {
          if (process.step()) deliver();
        });
      world.at(world.nowMs() + writeMs / 2, () => {
        try {
          const result = work();
          answer(() => resolve(result));
        } catch (error) {
          answer(() => reject(error));
        }
      });
    });
  }

  return {
    load: (process, key) =>
      new Promise((resolve) => {
        const askedAtMs = world.nowMs();
        queries += 1;
        begin(() => {
          const seenAtMs = world.nowMs();
          const version = versionOf(key);
          const takesMs = serviceSpread > 0 ? serviceMs * (1 + serviceSpread * (2 * random.next() - 1)) : serviceMs;
          world.at(seenAtMs + takesMs, () => {
            end();
            onQuery?.({ key, process: process.name, askedAtMs, seenAtMs, endedAtMs: world.nowMs() });
            if (process.step()) resolve(exists?.(key) === false ? null : { value: { key, version }, version });
          });
        });
      }),
    write: (process, key, writeMs, onCommit) =>
      transaction(process, writeMs, () => {
        const version = versionOf(key) + 1;
        commit(key, version);
        onCommit?.(version);
        return version;
      }),
    raise: (process, rows, writeMs, check) =>
      transaction(process, writeMs, () => {
        check?.();
        for (const { key, version } of rows) if (version > versionOf(key)) commit(key, version);
      }),
    versionOf,
    commits,
    get queries() {
      return queries;
    },
    get peakRunning() {
      return peakRunning;
    },
    get peakWaiting() {
      return peakWaiting;
    },
  };
}
