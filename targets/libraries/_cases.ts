/**
 * The cases that one process can make: cold calls, a failing, a slow and a hung loader, a delete during a load, and
 * an outage of the cache. Every subject, an installed library or a stack of our own, goes through the same functions.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CASE_TTL_MS, type Facts, type LibraryCase, LOAD_TIMEOUT_MS, sayAll } from './_case.ts';
import { createCrowd, crowdAtOnce, readWithin } from './_crowd.ts';
import { outageCase } from './_outage-case.ts';
import { oldAfterDelete } from './_stale.ts';

const KEY = 'product:1';
const callerColumns = [
  { fact: 'loads', title: 'loads' },
  { fact: 'failed', title: 'callers failed' },
  { fact: 'empty', title: 'answered empty' },
  { fact: 'waiting', title: 'still waiting' },
  { fact: 'slowestMs', title: 'slowest', unit: 'ms' },
] as const;

/** Callers that failed are not news where the loader itself fails; all else is. */
function callerFinding(facts: Facts, when: string, failuresCount: boolean): string | null {
  return sayAll(
    Number(facts['loads']) > 1 && `${facts['loads']} loads`,
    failuresCount && Number(facts['failed']) > 0 && `${facts['failed']} callers failed`,
    Number(facts['empty']) > 0 && `${facts['empty']} callers answered without a value`,
    Number(facts['waiting']) > 0 && `${facts['waiting']} callers still waiting after ${when}`,
    facts['recovered'] === false && 'a new caller was not answered once the database worked again',
  );
}

const coldCalls: LibraryCase = {
  id: 'cold-calls',
  title: 'Cold calls',
  about: 'counts',
  prose: '1,000 callers of one key that is not cached, at once, in one process; the loader takes 100 ms.',
  columns: callerColumns,
  finding: (facts) => callerFinding(facts, '5 s', true),
  async run({ database, open }) {
    const cache = await open();
    database.recomputeMs = 100;
    const { failed, empty, waiting, slowestMs } = await crowdAtOnce(cache, KEY, 1000, 5000);
    return { loads: database.loads, failed, empty, waiting, slowestMs };
  },
};

const failingLoader: LibraryCase = {
  id: 'failing-loader',
  title: 'Failing loader',
  about: 'counts',
  prose:
    '500 callers of one cold key, at once, in one process; every load fails after 50 ms; looked at after 3 s. Then ' +
    'the database works again: a new caller, for at most 2 s.',
  columns: [
    ...callerColumns,
    { fact: 'recovered', title: 'then answered' },
    { fact: 'recoveredMs', title: 'after', unit: 'ms' },
  ],
  finding: (facts) => callerFinding(facts, '3 s', false),
  async run({ database, open }) {
    const cache = await open();
    database.recomputeMs = 50;
    database.mood = 'fails';
    const { failed, empty, waiting, slowestMs } = await crowdAtOnce(cache, KEY, 500, 3000);
    const { loads } = database;
    database.mood = 'works';
    const again = await readWithin(cache, KEY, 2000);
    const recovered = again.version !== null;
    return { loads, failed, empty, waiting, slowestMs, recovered, recoveredMs: recovered ? again.tookMs : null };
  },
};

const slowLoader: LibraryCase = {
  id: 'slow-loader',
  title: 'Slow loader',
  about: 'counts',
  prose: '200 callers of one cold key, one every 5 ms, in one process; the loader takes 1.5 s; looked at after 4 s.',
  columns: callerColumns,
  finding: (facts) => callerFinding(facts, '4 s', true),
  async run({ database, open }) {
    const cache = await open();
    database.recomputeMs = 1500;
    const crowd = createCrowd(cache);
    const fromMs = performance.now();
    for (let i = 0; i < 200; i++) {
      crowd.join(KEY);
      await delay(Math.max(0, fromMs + 5 * (i + 1) - performance.now()));
    }
    await crowd.settledWithin(3000);
    const { failed, empty, waiting, slowestMs } = crowd.result();
    return { loads: database.loads, failed, empty, waiting, slowestMs };
  },
};

const hungLoader: LibraryCase = {
  id: 'hung-loader',
  title: 'Hung loader',
  about: 'counts',
  prose:
    '50 callers of one cold key, at once, in one process; loads never end; a load limit of ' +
    `${LOAD_TIMEOUT_MS / 1000} s is given to those that have one; looked at after 4 s. Then the database works ` +
    'again: a new caller, for at most 3 s.',
  columns: [
    ...callerColumns,
    { fact: 'recovered', title: 'then answered' },
    { fact: 'recoveredMs', title: 'after', unit: 'ms' },
  ],
  finding: (facts) => callerFinding(facts, '4 s', false),
  async run({ database, open }) {
    const cache = await open();
    database.mood = 'hangs';
    const { failed, empty, waiting, slowestMs } = await crowdAtOnce(cache, KEY, 50, 4000);
    const { loads } = database;
    database.mood = 'works';
    database.recomputeMs = 50;
    const again = await readWithin(cache, KEY, 3000);
    const recovered = again.version !== null;
    return { loads, failed, empty, waiting, slowestMs, recovered, recoveredMs: recovered ? again.tookMs : null };
  },
};

const deleteDuringLoad: LibraryCase = {
  id: 'delete-during-load',
  title: 'Delete during a load',
  about: 'counts',
  prose:
    'A caller of instance A loads for 400 ms. After 100 ms the row is written and the key deleted through A, later ' +
    'loads take 50 ms. From the moment the delete has returned, a new caller of A and one of instance B read every ' +
    '100 ms: when did the last one come that was given the old value (1 ms: only the very first)? TTL ' +
    `${CASE_TTL_MS / 1000} s. Then the same on another key with the delete through B.`,
  columns: [
    { fact: 'oldAtOnce', title: 'old value right after' },
    { fact: 'oldForMs', title: 'old value for', unit: 'ms' },
    { fact: 'otherAtOnce', title: 'deleted by B: right after' },
    { fact: 'otherForMs', title: 'deleted by B: old for', unit: 'ms' },
    { fact: 'loads', title: 'loads' },
  ],
  finding: (facts) =>
    sayAll(
      Number(facts['oldForMs']) > 0 && `the old value was served until ${facts['oldForMs']} ms after the delete`,
      Number(facts['otherForMs']) > 0 && `until ${facts['otherForMs']} ms after a delete by another instance`,
    ),
  async run({ database, open }) {
    const caches = [await open(), await open()] as const;
    const results = [];
    for (const [round, deleter] of caches.entries()) {
      const key = `product:${round + 1}`;
      database.version = 1;
      database.recomputeMs = 400;
      caches[0].read(key).catch(() => {});
      await delay(100);
      database.recomputeMs = 50;
      database.version = 2;
      await deleter.delete(key);
      results.push(await oldAfterDelete(caches, key, 2));
    }
    return {
      oldAtOnce: results[0]!.atOnce,
      oldForMs: results[0]!.oldForMs,
      otherAtOnce: results[1]!.atOnce,
      otherForMs: results[1]!.oldForMs,
      loads: database.loads,
    };
  },
};

/** The cases, in the order of the table. */
export const LIBRARY_CASES: readonly LibraryCase[] = [
  coldCalls,
  failingLoader,
  slowLoader,
  hungLoader,
  deleteDuringLoad,
  outageCase('stopped'),
  outageCase('silent'),
];
