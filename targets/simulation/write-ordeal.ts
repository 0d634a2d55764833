/**
 * Ordeals of write strategies: few keys, many writers, long TTLs, so that what a race leaves behind in the cache is
 * seen by those who read afterwards. Same seed, same history. Strategies that work through a queue of their own
 * (write-behind, event-invalidation) acknowledge before the cache is told and are not held against these promises.
 */
import { HarnessError } from '../../harness/contract/errors.ts';
import type { WriteContext, WriteStrategy } from '../../harness/contract/write.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { type History, recordHistory } from '../../harness/simulate/history.ts';
import { findViolations, type Promises, type Violation } from '../../harness/simulate/invariants.ts';
import type { SimulatedReader, Surroundings } from '../../harness/simulate/simulation.ts';
import type { SimulatedRow } from '../../harness/simulate/database.ts';
import { poissonTraffic } from '../../harness/simulate/traffic.ts';
import { createReader } from '../reader/create-reader.ts';
import { createMemoryStore } from '../stores/memory.ts';

const KEYS = ['product:1', 'product:2'];
/** Longer than the ordeal, so that nothing but a write replaces a value. */
const TTL_MS = 60_000;
const DRAIN_MS = 20_000;

/** What every fix promises: once a write is acknowledged, nothing older is served. */
const PROMISES: Promises = {
  afterInvalidation: 'always',
  cachedVersion: 'may go back',
  queriesAtOnce: 'any number',
  holdMs: 0,
  pollMs: 0,
  maxWaitMs: Infinity,
  queueMs: 0,
  keepMs: 0,
  operationsPerRead: 6,
};

/** Joins a strategy with a plain reader of one process. */
function writerOf(strategy: WriteStrategy, surroundings: Surroundings): SimulatedReader {
  const { store, clock, random, log, instance, rows, loader } = surroundings;
  const parameters = strategy.parameters.parse({});
  const readers = strategy.readerStore?.(store, { clock, instance, parameters }) ?? store;
  const reader = createReader<SimulatedRow>({ stack: [], ttlMs: TTL_MS, ...surroundings, store: readers });
  const notHere = (): never => {
    throw new HarnessError('BAD_PLAN', `${strategy.id} works through a queue, which ordeals do not have`);
  };
  const context: WriteContext<Record<string, unknown>> = {
    database: {
      write: ({ key }) => rows.write(key),
      load: (key) => loader(key),
      versionOf: (key) => Promise.resolve(rows.versionOf(key)),
      upsertIfNewer: notHere,
      apply: (value, change, version) => ({ value: { ...(value as SimulatedRow), version }, change }),
    },
    store,
    invalidate: (key, options) => reader.invalidate(key, options),
    queue: notHere,
    outbox: notHere,
    nextVersion: notHere,
    clock,
    random,
    log,
    parameters,
    instance,
    ttlMs: TTL_MS,
  };
  const service = strategy.create(context);
  let writes = 0;
  return {
    read: (key) => reader.read(key),
    invalidate: (key) => reader.invalidate(key),
    async write(key) {
      const request = { key, writeId: `${instance}/${(writes += 1)}`, user: 0, change: {} };
      const written = await (await service).write(request);
      if (written === null) throw new HarnessError('INTERNAL', `${key} has no row`);
      return written.version;
    },
  };
}

export interface WriteOrdeal {
  history: History;
  violations: Violation[];
}

export async function runWriteOrdeal(strategy: WriteStrategy, seed: number): Promise<WriteOrdeal> {
  const random = seededRandom(seed, 'ordeal');
  const between = (low: number, high: number): number => low + (high - low) * random.next();
  const history = await recordHistory({
    seed,
    instances: [1, 2, 4][Math.floor(random.next() * 3)]!,
    crashes: random.next() < 0.5 ? { meanSteps: between(10, 80), most: 4, restartMs: between(1, 200) } : null,
    traffic: poissonTraffic(
      {
        ratePerSec: between(30, 160),
        durationMs: 1000,
        keys: KEYS,
        exponent: 1,
        writeShare: between(0.02, 0.3),
      },
      seededRandom(seed, 'traffic'),
    ),
    network: { minMs: 0.1, meanExtraMs: between(0.05, 3), stallShare: between(0, 0.1), stallMs: 40 },
    database: { serviceMs: between(5, 60), serviceSpread: 0.8, concurrency: 1 + Math.floor(between(0, 12)) },
    writeMs: between(1, 10),
    drainMs: DRAIN_MS,
    openStore: (clock) => createMemoryStore(clock),
    createReader: (surroundings) => writerOf(strategy, surroundings),
  });
  return { history, violations: [...findViolations(history, PROMISES), ...judgeWrites(history)] };
}

/** No lost update: every acknowledged version is committed, and acknowledged to one writer only. */
function judgeWrites({ writes, commits }: History): Violation[] {
  const committed = new Set(commits.map(({ key, version }) => `${key} ${version}`));
  const told = new Set<string>();
  return writes.flatMap(({ key, version, process, acknowledgedAtMs }) => {
    const name = `${key} ${version}`;
    const lost = !committed.has(name) || told.has(name);
    told.add(name);
    const message = `${process} was told that ${key} is at version ${version}`;
    return lost ? [{ invariant: 'no acknowledged write is lost', message, atMs: acknowledgedAtMs }] : [];
  });
}

/** The violations of one seed in words; null where there are none. */
export function explainWriteOrdeal(strategy: WriteStrategy, { history, violations }: WriteOrdeal): string | null {
  if (violations.length === 0) return null;
  const shown = violations.slice(0, 5).map(({ invariant, message }) => `  ${invariant}: ${message}`);
  return (
    `${strategy.id} violates ${violations.length} invariants with seed ${history.seed} on ${history.instances} ` +
    `instances (${history.writes.length} writes, ${history.crashes.length} crashes):\n${shown.join('\n')}\n` +
    `repeat it: runWriteOrdeal(strategy, ${history.seed})`
  );
}
