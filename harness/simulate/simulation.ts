/**
 * Runs a service of many processes in virtual time: traffic arrives, is spread over the living processes, and each
 * of them reads through whatever reader it is given, over its own connection to one store and one database. Nothing
 * here knows a defence; the same seed always gives the same history.
 */
import type { Answer, Loaded, LoadEvent, Loader } from '../contract/defence.ts';
import type { Store } from '../contract/store.ts';
import type { Clock, Log, Random } from '../contract/time.ts';
import { seededRandom } from '../kit/random.ts';
import { createVirtualClock } from '../kit/virtual-clock.ts';
import {
  createDatabase,
  type DatabaseOptions,
  type QueryTimes,
  type SimulatedDatabase,
  type SimulatedRow,
} from './database.ts';
import { connectStore, type NetworkCounts, type NetworkDelays, type StoreObserver } from './network.ts';
import { type SimulatedProcess, startProcess } from './process.ts';
import type { Traffic } from './traffic.ts';

/** All that a reader may touch. */
export interface Surroundings {
  store: Store;
  clock: Clock;
  random: Random;
  log: Log;
  /** Names this life of this process. */
  instance: string;
  loader: Loader<SimulatedRow>;
  onLoad(event: LoadEvent): void;
  /** The rows, for those who write. */
  rows: {
    /** Commits the next version of a row. */
    write(key: string): Promise<Loaded<SimulatedRow>>;
    /** The committed version, at no price. */
    versionOf(key: string): number;
  };
}

/** What is simulated; a `Reader` of the targets is one. */
export interface SimulatedReader {
  read(key: string): Promise<Answer<SimulatedRow>>;
  invalidate(key: string): Promise<void>;
  /** Writes and resolves to the version once the write may be acknowledged; database, then `invalidate` where absent. */
  write?(key: string): Promise<number>;
  start?(): Promise<void>;
}

/** A read, reported when it ended. */
export interface ReadRecord {
  key: string;
  instance: number;
  process: string;
  startedAtMs: number;
  endedAtMs: number;
  answer: Answer<SimulatedRow> | null;
  /** What the read rejected with; null where it was answered. */
  error: Error | null;
}

/** A write with its invalidation, reported when both are done. */
export interface WriteRecord {
  key: string;
  process: string;
  version: number;
  startedAtMs: number;
  acknowledgedAtMs: number;
}

export interface CrashRecord {
  process: string;
  atMs: number;
  step: number;
}

export interface Observer extends StoreObserver {
  read?(read: ReadRecord): void;
  written?(write: WriteRecord): void;
  crashed?(crash: CrashRecord): void;
  queried?(query: QueryTimes): void;
  load?(event: LoadEvent, process: string): void;
}

export interface SimulationOptions {
  seed: number;
  instances: number;
  traffic: Traffic;
  network: NetworkDelays;
  database: DatabaseOptions;
  /** How long a write takes in the database, ms. */
  writeMs: number;
  /** How processes die; null for never. */
  crashes: { meanSteps: number; most: number; restartMs: number } | null;
  /** Time after the last arrival in which everything must have ended, ms. */
  drainMs: number;
  openStore(clock: Clock): Store;
  createReader(surroundings: Surroundings): SimulatedReader;
  observer: Observer;
}

/** A read that had not ended when the drain was over, although its process lived. */
export interface UnfinishedRead {
  key: string;
  process: string;
  startedAtMs: number;
}

export interface SimulationOutcome {
  reads: number;
  network: NetworkCounts;
  crashes: number;
  endedAtMs: number;
  unfinished: UnfinishedRead[];
  database: SimulatedDatabase;
}

interface PendingRead extends UnfinishedRead {
  owner: SimulatedProcess;
  place: number;
}

interface Instance {
  process: SimulatedProcess;
  reader: SimulatedReader;
}

const QUIET: Log = { info() {}, warn() {} };

/** Runs to the end of the traffic and of the drain. */
export async function simulate(options: SimulationOptions): Promise<SimulationOutcome> {
  const { seed, instances, traffic, crashes, observer } = options;
  const world = createVirtualClock();
  const store = options.openStore(world);
  const database = createDatabase(world, seededRandom(seed, 'database'), options.database, observer.queried);
  const networkRandom = seededRandom(seed, 'network');
  const chance = seededRandom(seed, 'defences');
  const balance = seededRandom(seed, 'balance');
  const fate = seededRandom(seed, 'crashes');
  /** Each knows its place, so that taking one out costs nothing. */
  const unfinished: PendingRead[] = [];
  let dead = 0;
  let reads = 0;
  const network: NetworkCounts = { operations: 0, longestDelayMs: 0 };
  let crashed = 0;
  let lastMs = 0;
  const trafficEnded = Promise.withResolvers<void>();

  function startInstance(index: number, life: number): Instance {
    const name = life === 1 ? `instance-${index}` : `instance-${index}.${life}`;
    // Every step may be the last one with the same chance.
    const crashAtStep =
      crashes && crashed < crashes.most ? 1 + Math.floor(-Math.log(1 - fate.next()) * crashes.meanSteps) : Infinity;
    const process = startProcess(world, name, crashAtStep, () => {
      crashed += 1;
      dead += 1;
      observer.crashed?.({ process: name, atMs: world.nowMs(), step: process.steps });
      world.at(world.nowMs() + crashes!.restartMs, () => {
        dead -= 1;
        all[index] = startInstance(index, life + 1);
      });
    });
    const reader = options.createReader({
      store: connectStore(store, process, {
        world,
        delays: options.network,
        random: networkRandom,
        traffic: network,
        observer,
      }),
      clock: process.clock,
      random: chance,
      log: QUIET,
      instance: name,
      loader: (key) => database.load(process, key),
      onLoad: (event) => observer.load?.(event, name),
      rows: {
        async write(key) {
          const version = await database.write(process, key, options.writeMs);
          return { value: { key, version }, version };
        },
        versionOf: database.versionOf,
      },
    });
    void reader.start?.();
    return { process, reader };
  }
  const all: Instance[] = [];
  for (let i = 0; i < instances; i++) all.push(startInstance(i, 1));

  /** A living process; the balancer of a real service sees the dead ones too. */
  function choose(): number {
    const first = instances === 1 ? 0 : Math.floor(balance.next() * instances);
    if (dead === 0) return first;
    for (let i = 0; i < instances; i++) {
      const index = first + i < instances ? first + i : first + i - instances;
      if (all[index]!.process.alive) return index;
    }
    return -1;
  }

  function read(key: string): void {
    const instance = choose();
    if (instance < 0) return;
    const { process, reader } = all[instance]!;
    const startedAtMs = world.nowMs();
    reads += 1;
    const pending: PendingRead = { key, process: process.name, startedAtMs, owner: process, place: unfinished.length };
    unfinished.push(pending);
    const settled = (answer: Answer<SimulatedRow> | null, error: Error | null): void => {
      const last = unfinished.pop()!;
      if (last !== pending) {
        unfinished[pending.place] = last;
        last.place = pending.place;
      }
      observer.read?.({ key, instance, process: process.name, startedAtMs, endedAtMs: world.nowMs(), answer, error });
    };
    reader.read(key).then(
      (answer) => settled(answer, null),
      (error: Error) => settled(null, error),
    );
  }

  async function writeThenInvalidate(process: SimulatedProcess, reader: SimulatedReader, key: string): Promise<number> {
    const version = await database.write(process, key, options.writeMs);
    await reader.invalidate(key);
    return version;
  }

  async function write(key: string): Promise<void> {
    const instance = choose();
    if (instance < 0) return;
    const { process, reader } = all[instance]!;
    const startedAtMs = world.nowMs();
    const version = await (reader.write?.(key) ?? writeThenInvalidate(process, reader, key));
    observer.written?.({ key, process: process.name, version, startedAtMs, acknowledgedAtMs: world.nowMs() });
  }

  function arrive(): void {
    const next = traffic();
    if (next === null) return trafficEnded.resolve();
    const { atMs, key, kind } = next;
    lastMs = atMs;
    world.at(atMs, () => {
      arrive();
      if (kind === 'read') read(key);
      else write(key).catch(() => {}); // Not acknowledged: nothing was promised.
    });
  }

  arrive();
  await world.finish(trafficEnded.promise);
  await world.run(lastMs + options.drainMs);
  return {
    reads,
    network,
    crashes: crashed,
    endedAtMs: world.nowMs(),
    unfinished: unfinished
      .filter(({ owner }) => owner.alive)
      .map(({ key, process, startedAtMs }) => ({ key, process, startedAtMs })),
    database,
  };
}
