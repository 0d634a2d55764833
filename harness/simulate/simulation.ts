/**
 * Runs a service of many processes in virtual time: traffic arrives, is spread over the living processes, and each
 * of them reads through whatever reader it is given, over its own connection to one store and one database. Nothing
 * here knows a defence; the same seed always gives the same history.
 */
import type { Answer } from '../contract/defence.ts';
import type { Store } from '../contract/store.ts';
import type { Clock, Log } from '../contract/time.ts';
import { seededRandom } from '../kit/random.ts';
import { createVirtualClock } from '../kit/virtual-clock.ts';
import { createDatabase, type DatabaseOptions, type SimulatedDatabase, type SimulatedRow } from './database.ts';
import { connectStore, createConnection, type NetworkCounts, type NetworkDelays } from './network.ts';
import { type Outage, outagesOf } from './outage.ts';
import { type SimulatedProcess, startProcess } from './process.ts';
import type { Observer, UnfinishedRead } from './records.ts';
import { createServer } from './server.ts';
import type { SimulatedReader, Surroundings } from './surroundings.ts';
import type { Traffic } from './traffic.ts';

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
  /** Time after the last arrival in which everything must have ended, ms; the readers are closed as soon as it has. */
  drainMs: number;
  /** When nobody, or one instance, reaches the cache; never where not given. */
  outages?: readonly Outage[];
  /** An operation without an answer fails after this time, ms; needed where there are outages. */
  timeoutMs?: number;
  /** How long before the first arrival the processes start, ms; default 0. Time begins below 0 by that much. */
  leadMs?: number;
  /** Called at the start, and again where an outage takes the memory. */
  openStore(clock: Clock): Store;
  /** A process beside the instances, which serves nobody and may die as they do. */
  createCompanion?(surroundings: Surroundings): Pick<SimulatedReader, 'start' | 'close'>;
  createReader(surroundings: Surroundings): SimulatedReader;
  observer: Observer;
}

export interface SimulationOutcome {
  reads: number;
  network: NetworkCounts;
  crashes: number;
  endedAtMs: number;
  unfinished: UnfinishedRead[];
  /** Processes that lived and had not closed in the time of the drain. */
  unclosed: string[];
  database: SimulatedDatabase;
}

interface PendingRead extends UnfinishedRead {
  owner: SimulatedProcess;
  place: number;
}

interface Instance<R> {
  process: SimulatedProcess;
  reader: R;
  /** True once traffic may come. */
  ready: boolean;
  closed: boolean;
}
/** What ends the simulation looks whether all is done this often, ms. */
const LOOK_MS = 50;

const QUIET: Log = { info() {}, warn() {} };

/** Runs to the end of the traffic and of the drain. */
export async function simulate(options: SimulationOptions): Promise<SimulationOutcome> {
  const { seed, instances, traffic, crashes, observer } = options;
  const { outages = [], leadMs = 0 } = options;
  const world = createVirtualClock(-leadMs);
  const server = createServer(() => options.openStore(world));
  const database = createDatabase(world, seededRandom(seed, 'database'), options.database, observer.queried);
  const networkRandom = seededRandom(seed, 'network');
  const chance = seededRandom(seed, 'defences');
  const balance = seededRandom(seed, 'balance');
  const fate = seededRandom(seed, 'crashes');
  /** Each knows its place, so that taking one out costs nothing. */
  const unfinished: PendingRead[] = [];
  const writing = new Set<{ owner: SimulatedProcess }>();
  let dead = 0;
  let unready = 0;
  let reads = 0;
  const network: NetworkCounts = { operations: 0, longestDelayMs: 0 };
  const toDatabase: NetworkCounts = { operations: 0, longestDelayMs: 0 };
  let crashed = 0;
  let lastMs = 0;
  let ending = false;
  const trafficEnded = Promise.withResolvers<void>();
  for (const { untilMs, losesMemory } of outages) if (losesMemory) world.at(untilMs, () => server.restartEmpty());

  function surroundingsOf(process: SimulatedProcess, index: number | null): Surroundings {
    const common = { world, delays: options.network, random: networkRandom };
    const way = {
      ...common,
      traffic: network,
      outages: outagesOf(outages, index),
      ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
    };
    const cache = createConnection(process, way);
    return {
      store: connectStore(server, cache, way, observer),
      clock: process.clock,
      random: chance,
      log: QUIET,
      instance: process.name,
      loader: (key) => database.load(process, key),
      onLoad: (event) => observer.load?.(event, process.name),
      atCache: cache.call,
      atDatabase: createConnection(process, { ...common, traffic: toDatabase }).call,
      rows: {
        async write(key, onCommit) {
          const version = await database.write(process, key, options.writeMs, onCommit);
          return { value: { key, version }, version };
        },
        raise: (rows, check) => database.raise(process, rows, options.writeMs, check),
        versionOf: database.versionOf,
      },
    };
  }

  async function end(instance: Instance<Pick<SimulatedReader, 'close'>>): Promise<void> {
    await instance.reader.close?.();
    instance.closed = true;
  }

  /** Starts a process, and after each death the next life of it. `mine` is told of each. */
  function live<R extends Pick<SimulatedReader, 'start' | 'beforeTraffic' | 'close'>>(
    called: string,
    index: number | null,
    create: (surroundings: Surroundings) => R,
    mine: (instance: Instance<R>) => void,
    life = 1,
  ): void {
    const name = life === 1 ? called : `${called}.${life}`;
    // Every step may be the last one with the same chance.
    const crashAtStep =
      crashes && crashed < crashes.most ? 1 + Math.floor(-Math.log(1 - fate.next()) * crashes.meanSteps) : Infinity;
    const process = startProcess(world, name, crashAtStep, () => {
      crashed += 1;
      dead += 1;
      observer.crashed?.({ process: name, atMs: world.nowMs(), step: process.steps });
      world.at(world.nowMs() + crashes!.restartMs, () => {
        dead -= 1;
        if (!instance.ready) unready -= 1;
        live(called, index, create, mine, life + 1);
      });
    });
    const reader = create(surroundingsOf(process, index));
    const instance: Instance<R> = { process, reader, ready: !reader.beforeTraffic, closed: false };
    mine(instance);
    const started = reader.start?.();
    if (!instance.ready) {
      unready += 1;
      void Promise.resolve(started)
        .then(() => reader.beforeTraffic!())
        .then(() => {
          unready -= 1;
          instance.ready = true;
        });
    }
    if (ending) void end(instance);
  }
  const all: Instance<SimulatedReader>[] = [];
  let companion: Instance<Pick<SimulatedReader, 'start' | 'close'>> | null = null;
  for (let i = 0; i < instances; i++)
    live(`instance-${i}`, i, options.createReader, (instance) => void (all[i] = instance));
  if (options.createCompanion)
    live('companion', null, options.createCompanion, (instance) => void (companion = instance));

  /** A living process; the balancer of a real service sees the dead ones too. */
  function choose(): number {
    const first = instances === 1 ? 0 : Math.floor(balance.next() * instances);
    if (dead === 0 && unready === 0) return first;
    for (let i = 0; i < instances; i++) {
      const index = first + i < instances ? first + i : first + i - instances;
      if (all[index]!.process.alive && all[index]!.ready) return index;
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
    const work = reader.write?.(key) ?? writeThenInvalidate(process, reader, key);
    const pending = { owner: process };
    writing.add(pending);
    const version = await work.finally(() => writing.delete(pending));
    reader.written?.(key);
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
  const drainedMs = lastMs + options.drainMs;
  const living = (): PendingRead[] => unfinished.filter(({ owner }) => owner.alive);
  await runUntil(drainedMs, () => living().length === 0 && ![...writing].some(({ owner }) => owner.alive));
  const left = living();
  ending = true;
  const everybody = (): Instance<Pick<SimulatedReader, 'close'>>[] => (companion ? [...all, companion] : all);
  for (const instance of everybody()) void end(instance);
  await runUntil(world.nowMs() + options.drainMs, () =>
    everybody().every(({ process, closed }) => process.alive && closed),
  );
  return {
    reads,
    network,
    crashes: crashed,
    endedAtMs: world.nowMs(),
    unfinished: left.map(({ key, process, startedAtMs }) => ({ key, process, startedAtMs })),
    unclosed: everybody()
      .filter(({ closed }) => !closed)
      .map(({ process }) => process.name),
    database,
  };

  async function runUntil(latestMs: number, done: () => boolean): Promise<void> {
    while (!done() && world.nowMs() < latestMs) await world.run(Math.min(latestMs, world.nowMs() + LOOK_MS));
  }
}
