/**
 * One process of a service that uses the subject. Libraries run in processes of their own, so that one that throws
 * outside of every call ends its process and not the suite, and that is a finding too.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../harness/contract/errors.ts';
import type { LibraryCache } from '../../harness/contract/library.ts';
import { type BreakableRedis, CASE_TTL_MS, COMMAND_TIMEOUT_MS, LOAD_TIMEOUT_MS } from './_case.ts';
import { LIBRARY_CASES } from './_cases.ts';
import { crowdAtOnce } from './_crowd.ts';
import { type CaseDatabase, createCaseDatabase } from './_database.ts';
import type { FromWorker, OpenArguments, RedisAction, ToWorker, WorkerMethods } from './_messages.ts';
import { oldAfterDelete } from './_stale.ts';
import { starvedSince, waitedForCoreMs } from './_starvation.ts';
import { findSubject } from './_subject.ts';

/** How long a subject may take to close before the next case begins, ms. */
const CLOSE_MS = 300;

const send = (message: FromWorker): void => void process.send?.(message);

let opened: { cache: LibraryCache; database: CaseDatabase } | null = null;
let openedWaitedMs: number | null = null;
const redisCalls = new Map<number, (error: string | null) => void>();

function breakRedis(action: RedisAction): Promise<void> {
  return new Promise((resolve, reject) => {
    const redis = redisCalls.size + 1;
    redisCalls.set(redis, (error) => (error === null ? resolve() : reject(new Error(error))));
    send({ redis, action });
  });
}

const redis: BreakableRedis = {
  freeze: () => breakRedis('freeze'),
  thaw: () => breakRedis('thaw'),
  stop: () => breakRedis('stop'),
  restart: () => breakRedis('restart'),
};

async function openSubject(args: OpenArguments, database: CaseDatabase): Promise<LibraryCache> {
  const subject = await findSubject(args.subject);
  return subject.open({
    redisUrl: args.redisUrl,
    namespace: args.namespace,
    ttlMs: args.ttlMs,
    commandTimeoutMs: args.commandTimeoutMs,
    loadTimeoutMs: LOAD_TIMEOUT_MS,
    loader: (key) => database.load(key),
  });
}

function current(): { cache: LibraryCache; database: CaseDatabase } {
  if (!opened) throw new Error('nothing is open');
  return opened;
}

const methods: WorkerMethods = {
  async runCase({ subject, redisUrl, namespace, caseId }) {
    const found = LIBRARY_CASES.find(({ id }) => id === caseId);
    if (!found) throw new Error(`there is no case ${caseId}`);
    const database = createCaseDatabase(50);
    const { commandTimeoutMs = COMMAND_TIMEOUT_MS } = found;
    const where = { subject, redisUrl, namespace, ttlMs: CASE_TTL_MS, recomputeMs: 50, commandTimeoutMs };
    const waitedMs = waitedForCoreMs();
    const caches: LibraryCache[] = [];
    const open = async (): Promise<LibraryCache> => {
      const cache = await openSubject(where, database);
      caches.push(cache);
      return cache;
    };
    try {
      const facts = await found.run({ database, redis, open });
      return { facts, starvedMs: starvedSince(waitedMs) };
    } finally {
      // A library whose load hangs may never close.
      await Promise.race([Promise.allSettled(caches.map((cache) => cache.close())), delay(CLOSE_MS)]);
    }
  },
  async open(args) {
    const database = createCaseDatabase(args.recomputeMs);
    opened = { cache: await openSubject(args, database), database };
    openedWaitedMs = waitedForCoreMs();
    return null;
  },
  async crowd({ key, callers, ms }) {
    const { cache, database } = current();
    const before = database.loads;
    const result = await crowdAtOnce(cache, key, callers, ms);
    return { ...result, loads: database.loads - before };
  },
  async write({ version }) {
    current().database.version = version;
    return null;
  },
  async remove({ key }) {
    await current().cache.delete(key);
    return null;
  },
  starved: () => Promise.resolve(starvedSince(openedWaitedMs)),
  oldAfterDelete: ({ key, fresh }) => oldAfterDelete([current().cache], key, fresh),
  async load({ key, readers, pauseMs, durationMs }) {
    const { cache, database } = current();
    // WebAssembly costs more than all else that a worker starts with, and only the load needs it.
    const { encodeHistogram } = await import('../../harness/kit/histogram.ts');
    const { createHistogram, recordUs } = await import('../../harness/kit/recording-histogram.ts');
    const histogram = createHistogram();
    let [reads, failed] = [0, 0];
    const endMs = performance.now() + durationMs;
    const reader = async (index: number): Promise<void> => {
      await delay((pauseMs * index) / readers);
      while (performance.now() < endMs) {
        const fromMs = performance.now();
        try {
          if ((await cache.read(key)) === undefined) failed++;
        } catch {
          failed++;
        }
        reads++;
        recordUs(histogram, (performance.now() - fromMs) * 1000);
        await delay(pauseMs);
      }
    };
    await Promise.all(Array.from({ length: readers }, (_, index) => reader(index)));
    return { reads, failed, loadsAtMs: database.startedAtMs, latency: encodeHistogram(histogram) };
  },
};

process.on('message', (message: ToWorker) => {
  if ('redisDone' in message) return redisCalls.get(message.redisDone)?.(message.error);
  const { call, method, args } = message;
  (methods[method] as (args: unknown) => Promise<unknown>)(args).then(
    (result) => send({ answer: call, result }),
    (error: unknown) => send({ answer: call, error: messageOf(error) }),
  );
});
// Connections of a broken library may keep this process alive: the suite's going ends it.
process.on('disconnect', () => process.exit(0));
send({ ready: true });
