/** The case that needs real processes: a stampede over three of them, and a delete that the others must notice. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RedisProcess } from '../stores/_redis-process.ts';
import { type CaseDescription, CASE_TTL_MS, COMMAND_TIMEOUT_MS, type MeasuredFacts, sayAll } from './_case.ts';
import { startWorker } from './_process.ts';
import { mostStarved } from './_starvation.ts';

const PROCESSES = 3;
const CALLERS = 100;
const RECOMPUTE_MS = 200;
const KEY = 'product:1';

export const SEVERAL_PROCESSES: CaseDescription = {
  id: 'several-processes',
  title: 'Several processes',
  about: 'counts',
  prose:
    `${PROCESSES} processes, ${CALLERS} callers of one cold key in each, at once; the loader takes ${RECOMPUTE_MS} ms. ` +
    'Half a second later the row is written and the key deleted in the first process: until when do the other two, ' +
    `reading every 100 ms, serve the old value? TTL ${CASE_TTL_MS / 1000} s.`,
  columns: [
    { fact: 'loads', title: 'loads of all' },
    { fact: 'failed', title: 'callers failed' },
    { fact: 'empty', title: 'answered empty' },
    { fact: 'waiting', title: 'still waiting' },
    { fact: 'slowestMs', title: 'slowest', unit: 'ms' },
    { fact: 'oldElsewhereMs', title: 'old elsewhere for', unit: 'ms' },
  ],
  finding: (facts) =>
    sayAll(
      Number(facts['loads']) > 1 && `${facts['loads']} loads over ${PROCESSES} processes`,
      Number(facts['failed']) + Number(facts['empty']) + Number(facts['waiting']) > 0 &&
        `${facts['failed']} callers failed, ${facts['empty']} answered empty, ${facts['waiting']} still waiting`,
      Number(facts['oldElsewhereMs']) > 0 &&
        `another process served the old value until ${facts['oldElsewhereMs']} ms after the delete`,
    ),
};

/** Runs the case. Rejects as a worker does. */
export async function runSeveralProcesses(
  subject: string,
  redis: RedisProcess,
  namespace: string,
  signal: AbortSignal,
): Promise<MeasuredFacts> {
  await using stack = new AsyncDisposableStack();
  const workers = await Promise.all(
    Array.from({ length: PROCESSES }, async () => stack.use(await startWorker(redis, signal))),
  );
  const where = {
    subject,
    redisUrl: redis.url,
    namespace,
    ttlMs: CASE_TTL_MS,
    recomputeMs: RECOMPUTE_MS,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
  };
  await Promise.all(workers.map((worker) => worker.call('open', where)));
  const crowds = await Promise.all(
    workers.map((worker) => worker.call('crowd', { key: KEY, callers: CALLERS, ms: 5000 })),
  );
  await delay(500);
  await Promise.all(workers.map((worker) => worker.call('write', { version: 2 })));
  // Every process holds the value before the delete, as a warm service does.
  await Promise.all(workers.map((worker) => worker.call('crowd', { key: KEY, callers: 1, ms: 1000 })));
  await workers[0]!.call('remove', { key: KEY });
  const stale = await Promise.all(
    workers.slice(1).map((worker) => worker.call('oldAfterDelete', { key: KEY, fresh: 2 })),
  );
  const sum = (count: (crowd: (typeof crowds)[number]) => number): number =>
    crowds.reduce((total, crowd) => total + count(crowd), 0);
  const starved = await Promise.all(workers.map((worker) => worker.call('starved', null)));
  const facts = {
    loads: sum((crowd) => crowd.loads),
    failed: sum((crowd) => crowd.failed),
    empty: sum((crowd) => crowd.empty),
    waiting: sum((crowd) => crowd.waiting),
    slowestMs: Math.max(...crowds.map((crowd) => crowd.slowestMs ?? 0)),
    oldElsewhereMs: Math.max(...stale.map(({ oldForMs }) => oldForMs)),
  };
  return { facts, starvedMs: mostStarved(starved) };
}
