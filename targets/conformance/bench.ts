/** Several instances of a service that read through one stack, over one store and one database, with every load kept. */
import type { LoadEvent, Mailbox } from '../../harness/contract/defence.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { createReader, type Reader } from '../reader/create-reader.ts';
import type { StackMember } from '../reader/stack.ts';
import {
  type BreakableStore,
  createBreakableStore,
  createDatabase,
  type Database,
  type Row,
  type World,
} from './world.ts';

/** A hung loader is given up after this many times the usual cost. */
const LOAD_DEADLINE_FACTOR = 8;

export interface Bench {
  world: World;
  database: Database;
  store: BreakableStore;
  readers: Reader<Row>[];
  /** In order of their ends, over all instances. */
  loads: LoadEvent[];
  /** What the readers logged. */
  lines: string[];
  /** Starts the layers that listen or work beside the reads, in every instance. */
  start(): Promise<void>;
  close(): Promise<void>;
  /** Creates a row, as a service must: admission is told before it becomes visible. */
  create(key: string, version: number): Promise<void>;
  /** Waits until no load runs behind any answer. */
  idle(): Promise<void>;
}

export interface BenchOptions {
  instances?: number;
  seed?: number;
  mailbox?: Mailbox;
}

/** Sets up `instances` readers (default 1) over the same stack; random numbers derive from `seed` (default 1). */
export function createBench(world: World, stack: readonly StackMember[], options: BenchOptions = {}): Bench {
  const { clock, recomputeMs, ttlMs } = world;
  const store = createBreakableStore(world.store, clock, recomputeMs / 2);
  const database = createDatabase(clock, recomputeMs);
  const loads: LoadEvent[] = [];
  const lines: string[] = [];
  const log = { info: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(line) };
  const readers = Array.from({ length: options.instances ?? 1 }, (_, index) =>
    createReader<Row>({
      stack,
      store,
      clock,
      random: seededRandom(options.seed ?? 1, `instance-${index}`),
      log,
      instance: `instance-${index}`,
      ttlMs,
      loader: (key, signal) => database.load(key, signal),
      onLoad: (event) => void loads.push(event),
      knownKeys: () => database.keys(),
      ...(options.mailbox && { mailbox: options.mailbox }),
      loadDeadlineMs: LOAD_DEADLINE_FACTOR * recomputeMs,
    }),
  );
  return {
    world,
    database,
    store,
    readers,
    loads,
    lines,
    start: async () => {
      await Promise.all(readers.map((reader) => reader.start()));
    },
    close: async () => {
      await Promise.all(readers.map((reader) => reader.close()));
    },
    async create(key, version) {
      await readers[0]!.created(key);
      database.put(key, version);
    },
    idle: async () => {
      await Promise.all(readers.map((reader) => reader.idle()));
    },
  };
}
