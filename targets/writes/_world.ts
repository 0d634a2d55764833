/**
 * A small world in virtual time for write strategies: one database, one cache, several instances, and a reader in
 * front. Every step takes a stated time, so that a test can put a write exactly between a load and its fill, and an
 * instance can be killed between any two steps.
 */
import type { Answer, Loaded } from '../../harness/contract/defence.ts';
import type { Store } from '../../harness/contract/store.ts';
import type { Log } from '../../harness/contract/time.ts';
import type { VersionedWrite, WriteContext, WriteDatabase, WriteService } from '../../harness/contract/write.ts';
import type { WriteStrategy } from '../../harness/contract/write.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { createVirtualClock, type VirtualClock } from '../../harness/kit/virtual-clock.ts';
import { createReader, type Reader } from '../reader/create-reader.ts';
import type { StackMember } from '../reader/stack.ts';
import { delegateTo } from '../stores/_delegate.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { createMemoryQueue, type MemoryQueue } from './_memory-queue.ts';

export interface Page {
  version: number;
  price: number;
}

export interface WorldOptions {
  strategy: WriteStrategy;
  parameters?: Record<string, unknown>;
  stack?: readonly StackMember[];
  instances?: number;
  seed?: number;
  ttlMs?: number;
  /** What a load takes (δ), from its snapshot to its answer; asked for each load. */
  loadMs?: (key: string) => number;
  /** What a write takes until its commit, and the way of its answer; asked for each. */
  commitMs?: () => number;
  answerMs?: () => number;
  /** One way to the cache, or back; asked for each. */
  cacheMs?: () => number;
}

/** The database's rows and what was ever written to them. */
export interface Rows {
  row(key: string): Page;
  history: (VersionedWrite & { committedAtMs: number })[];
  /** A change with its event in the outbox, by nobody of this world. */
  commit(key: string): void;
  /** Makes writes of this id fail whenever they are stored later. */
  poison(writeId: string): void;
}

export interface World {
  clock: VirtualClock;
  rows: Rows;
  /** The cache as it is, with no delay. */
  cached(key: string): Promise<Page | null>;
  /** Makes every operation of the cache fail until it is called with false. */
  cacheAway(away: boolean): void;
  /** Makes every load fail until it is called with false. */
  failLoads(failing: boolean): void;
  /** The cache and everything beside it comes back with nothing. */
  cacheLosesMemory(): void;
  queues: Map<string, MemoryQueue>;
  instances: WorldInstance[];
  /** One more. */
  startInstance(): Promise<void>;
}

export interface WorldInstance {
  read(key: string): Promise<Answer<Page>>;
  write(key: string, writeId: string, price?: number): ReturnType<WriteService['write']>;
  service: WriteService;
  /** From now on nothing of this instance goes on: what it waits for never comes. */
  kill(): void;
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
const silent: Log = { info: () => undefined, warn: () => undefined };

export async function createWorld(options: WorldOptions): Promise<World> {
  const { strategy, ttlMs = 10_000 } = options;
  const { loadMs = () => 50, commitMs = () => 2, answerMs = () => 0, cacheMs = () => 0.5 } = options;
  const clock = createVirtualClock(1_000_000);
  const parameters = strategy.parameters.parse(options.parameters ?? {});
  const pages = new Map<string, Page>();
  const history: Rows['history'] = [];
  const poisoned = new Set<string>();
  const queues = new Map<string, MemoryQueue>();
  const sequences = new Map<string, number>();
  let away = false;
  let failing = false;
  let memory = createMemoryStore(clock);

  const row = (key: string): Page => pages.get(key) ?? { version: 1, price: 100 };
  const queueOf = (name: string): MemoryQueue => {
    const queue = queues.get(name) ?? createMemoryQueue(clock);
    queues.set(name, queue);
    return queue;
  };

  const database: WriteDatabase = {
    async write(request, { outbox } = {}) {
      await clock.sleep(commitMs());
      const before = row(request.key);
      const version = before.version + 1;
      const price = (request.change['price'] as number | undefined) ?? before.price + 1;
      pages.set(request.key, { version, price });
      history.push({ ...request, version, committedAtMs: clock.nowMs() });
      if (outbox) queueOf('outbox').put({ key: request.key, version });
      await clock.sleep(answerMs());
      return { value: { price }, version };
    },
    async load(key): Promise<Loaded<Page>> {
      if (failing) throw new Error('the database does not answer');
      const snapshot = row(key);
      await clock.sleep(loadMs(key));
      return { value: snapshot, version: snapshot.version };
    },
    versionOf: (key) => Promise.resolve(row(key).version),
    async upsertIfNewer(writes) {
      await clock.sleep(commitMs());
      if (writes.some(({ writeId }) => poisoned.has(writeId))) throw new Error('the row refuses this write');
      for (const write of writes) {
        if (history.some(({ writeId }) => writeId === write.writeId)) continue;
        history.push({ ...write, committedAtMs: clock.nowMs() });
        if (row(write.key).version < write.version)
          pages.set(write.key, database.apply(row(write.key), write.change, write.version).value as Page);
      }
    },
    apply(value, change, version) {
      const price = (change['price'] as number | undefined) ?? (value as Page).price + 1;
      return { value: { version, price }, change: { price } };
    },
  };

  function instanceStore(alive: () => boolean): Store {
    const gate = async <T>(work: () => Promise<T>): Promise<T> => {
      await clock.sleep(cacheMs());
      if (!alive()) return never();
      if (away) throw new Error('the cache is away');
      const result = await work();
      await clock.sleep(cacheMs());
      return alive() ? result : never();
    };
    return delegateTo(memory, {
      get: (key) => gate(() => memory.get(key)),
      set: (entry, set) => gate(() => memory.set(entry, set)),
      delete: (key, how) => gate(() => memory.delete(key, how)),
      lease: (...given) => gate(() => memory.lease!(...given)),
      endLease: (...given) => gate(() => memory.endLease!(...given)),
    });
  }

  async function startInstance(index: number): Promise<WorldInstance> {
    let living = true;
    const alive = (): boolean => living;
    const mortal =
      <A extends unknown[], R>(work: (...given: A) => Promise<R>) =>
      async (...given: A): Promise<R> => {
        if (!living) return never();
        const result = await work(...given);
        return alive() ? result : never();
      };
    const mortalQueue = (queue: MemoryQueue): MemoryQueue => ({
      ...queue,
      append: mortal(queue.append),
      take: mortal(queue.take),
      acknowledge: mortal(queue.acknowledge),
      bury: mortal(queue.bury),
    });
    const instance = `i${index}`;
    const raw = instanceStore(alive);
    const store = strategy.readerStore?.(raw, { clock, instance, parameters }) ?? raw;
    const reader: Reader<Page> = createReader<Page>({
      stack: options.stack ?? [],
      store,
      clock,
      random: seededRandom(options.seed ?? 1, instance),
      log: silent,
      instance,
      ttlMs,
      loader: mortal((key) => database.load(key) as Promise<Loaded<Page>>),
      onLoad: () => undefined,
    });
    const context: WriteContext<Record<string, unknown>> = {
      database: {
        ...database,
        write: mortal(database.write),
        load: mortal(database.load),
        upsertIfNewer: mortal(database.upsertIfNewer),
      },
      store: reader.store,
      invalidate: (key, how) => reader.invalidate(key, how),
      queue: (name) => mortalQueue(queueOf(name)),
      outbox: () => mortalQueue(queueOf('outbox')),
      async nextVersion(key, first) {
        if (!sequences.has(key)) {
          const known = await first();
          if (!sequences.has(key)) sequences.set(key, known);
        }
        const next = sequences.get(key)! + 1;
        sequences.set(key, next);
        return next;
      },
      clock,
      random: seededRandom(options.seed ?? 1, `${instance}/writes`),
      log: silent,
      parameters,
      instance,
      ttlMs,
    };
    const service = await strategy.create(context);
    return {
      service,
      read: (key) => reader.read(key),
      write: (key, writeId, price) =>
        service.write({ key, writeId, user: 0, change: price === undefined ? {} : { price } }),
      kill: () => void (living = false),
    };
  }

  const instances: WorldInstance[] = [];
  for (let index = 0; index < (options.instances ?? 2); index++) instances.push(await startInstance(index));
  return {
    clock,
    rows: {
      row,
      history,
      commit(key) {
        const version = row(key).version + 1;
        pages.set(key, { version, price: row(key).price });
        queueOf('outbox').put({ key, version });
      },
      poison: (writeId) => void poisoned.add(writeId),
    },
    async startInstance() {
      instances.push(await startInstance(instances.length));
    },
    cached: async (key) => (await memory.get<Page>(key))?.value ?? null,
    cacheAway: (now) => void (away = now),
    failLoads: (now) => void (failing = now),
    cacheLosesMemory() {
      memory = createMemoryStore(clock);
      sequences.clear();
      for (const [name, queue] of queues) if (name !== 'outbox') queue.lose();
    },
    queues,
    instances,
  };
}
