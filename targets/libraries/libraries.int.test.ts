/**
 * Every adapter on a real Redis in real processes: what each library is known for (one load for a cold stampede of
 * one process) and where each is known to fail (several processes, a delete during a load), beside our own.
 */
import { expect, test } from 'vitest';
import { startRedisProcess } from '../stores/_redis-process.ts';
import { startWorker } from './_process.ts';
import { runSuite, SUITE_CASES } from './_suite.ts';

const LIBRARIES = [
  'async-cache-dedupe',
  'bentocache',
  'cache-manager',
  'cacheable',
  'cachified',
  'layered-loader',
] as const;

/** Processes start slowly on a busy machine. */
const TIMEOUT_MS = 300_000;

const never = new AbortController().signal;
const only = (...ids: string[]): typeof SUITE_CASES => SUITE_CASES.filter(({ id }) => ids.includes(id));

async function factsOf(subjects: readonly string[], ...ids: string[]): Promise<Record<string, unknown>[]> {
  const { cases } = await runSuite({
    subjects,
    cases: only(...ids),
    atOnce: 2,
    rounds: 0,
    signal: never,
    progress: () => {},
  });
  expect(cases.filter(({ problem }) => problem !== null)).toEqual([]);
  return cases.map(({ facts }) => facts!);
}

test(
  'a cold stampede of one process is one load in every library, and answers everybody',
  async () => {
    for (const facts of await factsOf(LIBRARIES, 'cold-calls'))
      expect(facts).toMatchObject({ loads: 1, failed: 0, empty: 0, waiting: 0 });
    expect(await factsOf(['cache-aside'], 'cold-calls')).toMatchObject([{ loads: 1000 }]);
  },
  TIMEOUT_MS,
);

test(
  'no library coordinates over processes, a lock does',
  async () => {
    for (const facts of await factsOf(LIBRARIES, 'several-processes')) expect(facts['loads']).toBeGreaterThanOrEqual(2);
    expect(await factsOf(['lock-wait'], 'several-processes')).toMatchObject([{ loads: 1, oldElsewhereMs: 0 }]);
  },
  TIMEOUT_MS,
);

test(
  'a load that began before a delete brings the old value back in every library, and not past a lock',
  async () => {
    for (const facts of await factsOf(LIBRARIES, 'delete-during-load'))
      expect(facts['otherForMs']).toBeGreaterThan(400);
    expect(await factsOf(['lock-wait'], 'delete-during-load')).toMatchObject([{ oldForMs: 0, otherForMs: 0 }]);
  },
  TIMEOUT_MS,
);

test('bentocache lets callers of a failing loader try one after the other', async () => {
  const [bentocache, cacheManager] = await factsOf(['bentocache', 'cache-manager'], 'failing-loader');
  expect(bentocache!['loads']).toBeGreaterThan(5);
  expect(bentocache!['waiting']).toBeGreaterThan(100);
  expect(cacheManager).toMatchObject({ loads: 1, failed: 500, waiting: 0 });
});

test('what cannot be run is a problem of its case, and an interrupt ends the worker', async () => {
  const { cases } = await runSuite({
    subjects: ['no-such-library'],
    cases: only('cold-calls'),
    atOnce: 1,
    rounds: 0,
    signal: never,
    progress: () => {},
  });
  expect(cases).toMatchObject([
    { caseId: 'cold-calls', facts: null, problem: expect.stringMatching('no-such-library') },
  ]);

  await using redis = await startRedisProcess();
  const interrupt = new AbortController();
  await using worker = await startWorker(redis, interrupt.signal);
  const hung = worker.call('runCase', {
    subject: 'single-flight',
    redisUrl: redis.url,
    namespace: 'hung',
    caseId: 'hung-loader',
  });
  interrupt.abort();
  await expect(hung).rejects.toThrow('the process ended');
});
