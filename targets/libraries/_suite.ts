/**
 * The library suite: every case on every subject, each subject on a Redis and in processes of its own, and after that
 * the load, one subject at a time and in turns. A subject that ends its process has that as its fact; the suite goes on.
 */
import { messageOf } from '../../harness/contract/errors.ts';
import { type RedisProcess, startRedisProcess } from '../stores/_redis-process.ts';
import type { CaseDescription, Facts, MeasuredFacts } from './_case.ts';
import { LIBRARY_CASES } from './_cases.ts';
import { type LoadPartResult, runLoadPart } from './_load-part.ts';
import { startWorker, type WorkerProcess } from './_process.ts';
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
  /** How long its processes waited for a core, ms; null where the system does not tell. */
  starvedMs: number | null;
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
  /** Subjects whose cases are run at the same time; they mostly wait. */
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
 * Runs the cases of one subject, one after the other, on one Redis and in one process; after a problem both are new.
 * Rejects only for an interrupt: what goes wrong is the outcome's problem.
 */
async function runSubject(subject: string, { cases, signal, progress }: SuiteOptions): Promise<CaseOutcome[]> {
  await using stack = new AsyncDisposableStack();
  let redis: RedisProcess | null = null;
  let worker: WorkerProcess | null = null;

  async function once(caseId: string, until: AbortSignal): Promise<MeasuredFacts> {
    const server = (redis ??= stack.use(await startRedisProcess()));
    const where = { subject, redisUrl: server.url, namespace: caseId };
    if (caseId === SEVERAL_PROCESSES.id) return await runSeveralProcesses(subject, server, caseId, until);
    const child = (worker ??= stack.use(await startWorker(server, signal)));
    const onAbort = (): void => void child[Symbol.asyncDispose]();
    until.addEventListener('abort', onAbort, { once: true });
    try {
      return await child.call('runCase', { ...where, caseId });
    } finally {
      until.removeEventListener('abort', onAbort);
    }
  }

  const outcomes: CaseOutcome[] = [];
  for (const { id } of cases) {
    const [measured, problem] = await attempt(signal, (until) => once(id, until));
    // Whatever broke must not reach the next case.
    if (problem !== null) redis = worker = null;
    outcomes.push({
      subject,
      caseId: id,
      facts: measured?.facts ?? null,
      problem,
      starvedMs: measured?.starvedMs ?? null,
    });
    progress(`${subject}: ${id}`);
  }
  return outcomes;
}

/** All cases of all subjects, a few subjects at once. */
async function runCases(options: SuiteOptions): Promise<CaseOutcome[]> {
  const { subjects, atOnce } = options;
  const outcomes: CaseOutcome[][] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < subjects.length; index = next++)
      outcomes[index] = await runSubject(subjects[index]!, options);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return outcomes.flat();
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
