/**
 * The library suite: every case on every subject, each on a Redis and in processes of its own, and after that the
 * load, one subject at a time and in turns. A subject that ends its process has that as its fact; the suite goes on.
 */
import { messageOf } from '../../harness/contract/errors.ts';
import { startRedisProcess } from '../stores/_redis-process.ts';
import type { CaseDescription, Facts } from './_case.ts';
import { LIBRARY_CASES } from './_cases.ts';
import { type LoadPartResult, runLoadPart } from './_load-part.ts';
import { startWorker } from './_process.ts';
import { runSeveralProcesses, SEVERAL_PROCESSES } from './_several-processes.ts';

/** The cases in the order of the table. */
export const SUITE_CASES: readonly CaseDescription[] = [...LIBRARY_CASES, SEVERAL_PROCESSES];

/** A case, or one turn of the load, may take this long before it is given up, ms. */
const DEADLINE_MS = 60_000;

/** A case with its facts, or with the problem that there are none. */
export interface CaseOutcome {
  subject: string;
  caseId: string;
  facts: Facts | null;
  problem: string | null;
}

/** One turn of the load, counted from 1. */
export interface LoadOutcome {
  subject: string;
  round: number;
  result: LoadPartResult | null;
  problem: string | null;
}

export interface SuiteOptions {
  subjects: readonly string[];
  cases: readonly CaseDescription[];
  /** Cases that are run at the same time; they mostly wait. */
  atOnce: number;
  /** Turns of the load; 0 for none. */
  rounds: number;
  signal: AbortSignal;
  /** One line for each thing that was done. */
  progress(line: string): void;
}

async function attempt<T>(
  signal: AbortSignal,
  work: (until: AbortSignal) => Promise<T>,
): Promise<[T | null, string | null]> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  try {
    return [await work(until), null];
  } catch (error) {
    signal.throwIfAborted();
    return [null, until.aborted ? `not done after ${DEADLINE_MS / 1000} s` : messageOf(error)];
  }
}

/**
 * Runs one case of one subject. Never rejects but for an interrupt: what goes wrong is the outcome's problem.
 *
 * @param namespace of the keys
 */
export async function runSuiteCase(
  subject: string,
  caseId: string,
  namespace: string,
  signal: AbortSignal,
): Promise<CaseOutcome> {
  const [facts, problem] = await attempt(signal, async (until) => {
    await using redis = await startRedisProcess();
    if (caseId === SEVERAL_PROCESSES.id) return await runSeveralProcesses(subject, redis, namespace, until);
    await using worker = await startWorker(redis, until);
    return await worker.call('runCase', { subject, redisUrl: redis.url, namespace, caseId });
  });
  return { subject, caseId, facts, problem };
}

/** All cases of all subjects, case by case, a few at once. */
async function runCases({ subjects, cases, atOnce, signal, progress }: SuiteOptions): Promise<CaseOutcome[]> {
  const jobs = cases.flatMap(({ id }) => subjects.map((subject) => ({ subject, id })));
  const outcomes: CaseOutcome[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < jobs.length; index = next++) {
      const { subject, id } = jobs[index]!;
      outcomes[index] = await runSuiteCase(subject, id, `case${index}`, signal);
      progress(`${id} ${subject} (${outcomes.filter(Boolean).length} of ${jobs.length})`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return outcomes;
}

/** The load, all subjects in each round, every second round backwards, so that no subject always comes first. */
async function runLoad({ subjects, rounds, signal, progress }: SuiteOptions): Promise<LoadOutcome[]> {
  const outcomes: LoadOutcome[] = [];
  for (let round = 1; round <= rounds; round++)
    for (const subject of round % 2 === 1 ? subjects : subjects.toReversed()) {
      const [result, problem] = await attempt(signal, async (until) => {
        await using redis = await startRedisProcess();
        return await runLoadPart(subject, redis, `load${round}`, until);
      });
      outcomes.push({ subject, round, result, problem });
      progress(`load ${subject}, round ${round} of ${rounds}`);
    }
  return outcomes;
}

/**
 * Runs the suite.
 *
 * @throws the signal's reason where it aborts; nothing is left running
 */
export async function runSuite(options: SuiteOptions): Promise<{ cases: CaseOutcome[]; load: LoadOutcome[] }> {
  const cases = await runCases(options);
  return { cases, load: await runLoad(options) };
}
