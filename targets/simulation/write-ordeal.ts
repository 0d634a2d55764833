/**
 * Ordeals of write strategies: few keys, many writers, long TTLs, so that what a race leaves behind in the cache is
 * seen by those who read afterwards. Same seed, same history. Strategies that work through a queue get one that is
 * slow, hands out again what a dead worker had taken, and may lose everything together with the cache. With every even
 * seed the cache is away for a while, or one instance does not reach it.
 */
import { HarnessError } from '../../harness/contract/errors.ts';
import type { WriteStrategy } from '../../harness/contract/write.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import type { SimulatedRow } from '../../harness/simulate/database.ts';
import { type History, recordHistory } from '../../harness/simulate/history.ts';
import { findViolations, type Promises, type Violation } from '../../harness/simulate/invariants.ts';
import type { SimulatedReader, Surroundings } from '../../harness/simulate/surroundings.ts';
import { poissonTraffic } from '../../harness/simulate/traffic.ts';
import { createReader } from '../reader/create-reader.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { type Acknowledged, judgeLag, judgeWrites } from './judge-writes.ts';
import { outageOf } from './ordeal.ts';
import { createWriteWorld, type WriteNotes, type WriteWorld } from './write-world.ts';

const KEYS = ['product:1', 'product:2'];
/** Longer than the ordeal, so that nothing but a write replaces a value. */
const LONG_TTL_MS = 60_000;
const SHORT_TTL_MS = 300;
const DRAIN_MS = 20_000;
const RESTART_MS = 200;
const TIMEOUT_MS = 250;
/** Defaults are made for real traffic; in an ordeal of seconds they are never reached. By the parameter's name. */
const SHORT: Readonly<Record<string, number>> = {
  batch: 4,
  flushMs: 20,
  maxPending: 6,
  maxDeliveries: 3,
  takeOverMs: 300,
  drainMs: 10_000,
};

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
  recoverMs: 0,
};

/** What distinguishes strategies that acknowledge before everything is done. */
interface Setting {
  parameters: Record<string, unknown>;
  ttlMs: number;
  /** Versions are given out before the database has them. */
  behind: boolean;
  /** The cache is told by somebody who listens. */
  listened: boolean;
}

const hasOutage = (seed: number): boolean => seed % 2 === 0;

function settingOf(strategy: WriteStrategy, seed: number): Setting {
  const { shape } = strategy.parameters;
  const given: Record<string, unknown> = {};
  const queued = 'takeOverMs' in shape;
  if (queued) for (const [name, value] of Object.entries(SHORT)) if (name in shape) given[name] = value;
  const listened = 'via' in shape;
  // Half of the seeds where the event may be lost, with a TTL that ends within the ordeal.
  const stream = listened && seed % 4 >= 2;
  const behind = strategy.lossBound !== undefined;
  if (listened) Object.assign(given, { via: stream ? 'stream' : 'outbox' });
  return {
    parameters: strategy.parameters.parse(given),
    // What the cache was not told of must be gone by itself while somebody still looks.
    ttlMs: stream || (hasOutage(seed) && !behind) ? SHORT_TTL_MS : LONG_TTL_MS,
    behind,
    listened,
  };
}

/** Joins a strategy with a plain reader of one process. */
function writerOf(
  strategy: WriteStrategy,
  { parameters, ttlMs }: Setting,
  surroundings: Surroundings,
  writeWorld: WriteWorld,
  acknowledged: (write: Omit<Acknowledged, 'atMs'>) => void,
): SimulatedReader {
  const { store, clock, random, log, instance } = surroundings;
  const readers = strategy.readerStore?.(store, { clock, instance, parameters }) ?? store;
  const reader = createReader<SimulatedRow>({ stack: [], ttlMs, ...surroundings, store: readers });
  const service = strategy.create({
    ...writeWorld.partsOf(surroundings),
    store,
    invalidate: (key, options) => reader.invalidate(key, options),
    clock,
    random,
    log,
    parameters,
    instance,
    ttlMs,
  });
  let writes = 0;
  return {
    read: (key) => reader.read(key),
    invalidate: (key) => reader.invalidate(key),
    async write(key) {
      const request = { key, writeId: `${instance}/${(writes += 1)}`, user: 0, change: {} };
      const written = await (await service).write(request);
      if (written === null) throw new HarnessError('INTERNAL', `${key} has no row`);
      acknowledged({ writeId: request.writeId, key, version: written.version });
      return written.version;
    },
    async close() {
      await (await service).close();
      await reader.close();
    },
  };
}

export interface WriteOrdeal {
  history: History;
  notes: WriteNotes;
  violations: Violation[];
}

export async function runWriteOrdeal(strategy: WriteStrategy, seed: number): Promise<WriteOrdeal> {
  const random = seededRandom(seed, 'ordeal');
  const between = (low: number, high: number): number => low + (high - low) * random.next();
  const setting = settingOf(strategy, seed);
  const refusals = new Map<string, boolean>();
  /** Some writes the database refuses whenever they come: only where somebody else than the user finds out. */
  const refuses = (writeId: string): boolean => {
    if (!refusals.has(writeId)) refusals.set(writeId, seededRandom(seed, writeId).next() < 0.04);
    return setting.behind && refusals.get(writeId)!;
  };
  const writeWorld = createWriteWorld(refuses);
  const acknowledged: Acknowledged[] = [];
  const instances = [1, 2, 4][Math.floor(random.next() * 3)]!;
  const crashes =
    random.next() < 0.5 ? { meanSteps: between(10, 80), most: 4, restartMs: between(1, RESTART_MS) } : null;
  const history = await recordHistory({
    seed,
    instances,
    crashes,
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
    outages: hasOutage(seed) ? [outageOf(instances, between)] : [],
    timeoutMs: TIMEOUT_MS,
    drainMs: DRAIN_MS,
    openStore(clock) {
      writeWorld.restarted(clock);
      return createMemoryStore(clock);
    },
    createReader: (surroundings) =>
      writerOf(strategy, setting, surroundings, writeWorld, (write) =>
        acknowledged.push({ ...write, atMs: surroundings.clock.nowMs() }),
      ),
  });
  const { notes } = writeWorld;
  const evidence = { history, notes, acknowledged, left: await writeWorld.left() };
  const { parameters } = setting;
  const takeOverMs = (parameters['takeOverMs'] as number | undefined) ?? 0;
  return {
    history,
    notes,
    violations: [
      ...judgeReads(evidence.history, notes, setting),
      ...judgeWrites(evidence, {
        lossBound: strategy.lossBound?.(parameters) ?? 0,
        maxDeliveries: (parameters['maxDeliveries'] as number | undefined) ?? 0,
        refuses,
      }),
      ...(setting.listened
        ? judgeLag(history, {
            ttlMs: setting.ttlMs,
            takeOverMs,
            restartMs: RESTART_MS,
            mayLoseEvents: parameters['via'] === 'stream',
          })
        : []),
    ],
  };
}

function judgeReads(history: History, notes: WriteNotes, { behind, listened }: Setting): Violation[] {
  // Who acknowledges before the commit may serve what was acknowledged.
  const known = behind ? [...notes.given, ...history.commits].toSorted((a, b) => a.atMs - b.atMs) : history.commits;
  const first = new Map<string, (typeof known)[number]>();
  for (const commit of known) {
    const name = `${commit.key} ${commit.version}`;
    if (!first.has(name)) first.set(name, commit);
  }
  const afterInvalidation = listened || history.outages.length > 0 ? 'in the end' : 'always';
  return findViolations({ ...history, commits: [...first.values()] }, { ...PROMISES, afterInvalidation });
}

/** The violations of one seed in words; null where there are none. */
export function explainWriteOrdeal(strategy: WriteStrategy, { history, violations }: WriteOrdeal): string | null {
  if (violations.length === 0) return null;
  const shown = violations.slice(0, 5).map(({ invariant, message }) => `  ${invariant}: ${message}`);
  return (
    `${strategy.id} violates ${violations.length} invariants with seed ${history.seed} on ${history.instances} ` +
    `instances (${history.writes.length} writes, ${history.crashes.length} crashes):\n${shown.join('\n')}\n` +
    `repeat it: cachequake simulate --check --write ${strategy.id} --seed ${history.seed}`
  );
}
