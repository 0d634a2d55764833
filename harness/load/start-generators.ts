/**
 * Starts the generator processes of a load and speaks for all of them: one start time, one stop, one progress line,
 * one body of evidence. Both engines are this, with another kind of generator inside.
 */
import { HarnessError } from '../contract/errors.ts';
import type { LoadEvidence, LoadProgress, LoadSpec, PreparedLoad, RunningLoad } from '../contract/load.ts';
import { realClock } from '../kit/clock.ts';
import { within } from '../kit/deadline.ts';
import { checkBaseUrls, checkSpec } from './check-spec.ts';
import { GeneratorProcess } from './generator-process.ts';
import { LATENCY_BUCKETS, quantileOfBuckets } from './latency-buckets.ts';
import { mergeReports } from './merge-evidence.ts';
import type { ProgressReport } from './messages.ts';
import { scheduleOf, segmentAt } from './schedule.ts';

const READY_DEADLINE_MS = 60_000;
/** From the word "go" to the first segment, so that every process has heard it. */
const LEAD_MS = 150;
/** Beyond the plan and the timeout of the last request. */
const END_SLACK_MS = 30_000;
const PROGRESS_MS = 1000;

/**
 * Starts the processes and lets them warm their code.
 *
 * @throws HarnessError BAD_PLAN or BAD_PARAMETER for a load that makes no sense; its `start` GENERATOR_FAILED when a
 *   process died before it was ready
 */
export function prepareGenerators(spec: LoadSpec): PreparedLoad {
  checkSpec(spec);
  const processes = spec.generatorProcesses;
  const generators = Array.from(
    { length: processes },
    (_, process) => new GeneratorProcess({ spec, process, processes }),
  );
  return {
    start: (baseUrls) => startGenerators(spec, generators, baseUrls),
    [Symbol.asyncDispose]: async () => killAll(generators),
  };
}

function killAll(generators: readonly GeneratorProcess[]): void {
  for (const generator of generators) generator.kill();
}

async function startGenerators(
  spec: LoadSpec,
  generators: readonly GeneratorProcess[],
  baseUrls: readonly string[],
): Promise<RunningLoad> {
  const processes = spec.generatorProcesses;
  const kill = (): void => killAll(generators);
  try {
    checkBaseUrls(baseUrls);
    for (const generator of generators) generator.aim(baseUrls);
    await bounded(READY_DEADLINE_MS, 'get ready', Promise.all(generators.map((generator) => generator.ready)));
  } catch (error) {
    kill();
    throw error;
  }

  const startedAtMs = realClock.nowMs() + LEAD_MS;
  const schedule = scheduleOf(spec.segments);
  const progress = new ProgressSum(spec, startedAtMs, processes);
  for (const [i, generator] of generators.entries()) {
    generator.onProgress = (report) => progress.add(i, report);
    generator.tell({ type: 'go', startedAtMs });
  }

  let killed = false;
  const collect = async (): Promise<LoadEvidence> => {
    const everySecond = setInterval(() => progress.tell(), PROGRESS_MS);
    try {
      const reports = await bounded(
        LEAD_MS + schedule.totalMs + spec.timeoutMs + END_SLACK_MS,
        'end',
        Promise.all(generators.map((generator) => generator.report)),
      );
      return mergeReports(reports, startedAtMs);
    } catch (error) {
      // One is lost, so the others work for nothing.
      kill();
      if (killed) throw new HarnessError('INTERRUPTED', 'the load was ended at once', { cause: error });
      throw error;
    } finally {
      clearInterval(everySecond);
    }
  };
  const done = collect();
  // Whoever stops the load may never look at its result.
  done.catch(() => {});

  return {
    measuredFromMs: startedAtMs + schedule.recordedFromMs,
    done,
    mark: (phase, atMs) => generators.forEach((generator) => generator.tell({ type: 'mark', phase, atMs })),
    stop: () => generators.forEach((generator) => generator.tell({ type: 'stop' })),
    kill: () => {
      killed = true;
      kill();
    },
    onProgress: (listener) => progress.listeners.push(listener),
  };
}

function bounded<T>(deadlineMs: number, what: string, promise: Promise<T>): Promise<T> {
  return within(realClock, deadlineMs, promise, () => {
    const message = `the generator processes did not ${what} within ${Math.round(deadlineMs / 1000)} s`;
    return new HarnessError('GENERATOR_FAILED', message, { hint: 'is this machine overloaded?' });
  });
}

class ProgressSum {
  readonly listeners: ((progress: LoadProgress) => void)[] = [];
  readonly #spec: LoadSpec;
  readonly #startedAtMs: number;
  readonly #latest: (ProgressReport | undefined)[];

  constructor(spec: LoadSpec, startedAtMs: number, processes: number) {
    this.#spec = spec;
    this.#startedAtMs = startedAtMs;
    this.#latest = new Array<undefined>(processes).fill(undefined);
  }

  add(process: number, report: ProgressReport): void {
    this.#latest[process] = report;
  }

  tell(): void {
    const schedule = scheduleOf(this.#spec.segments);
    const elapsedMs = Math.max(0, realClock.nowMs() - this.#startedAtMs);
    const sum = { offered: 0, completed: 0, errors: 0 };
    const counts = new Array<number>(LATENCY_BUCKETS).fill(0);
    for (const report of this.#latest) {
      if (report === undefined) continue;
      sum.offered += report.offered;
      sum.completed += report.completed;
      sum.errors += report.errors;
      for (const [i, count] of report.latencyCounts.entries()) counts[i]! += count;
    }
    const progress: LoadProgress = {
      segment: this.#spec.segments[segmentAt(schedule, elapsedMs)]?.name ?? '',
      elapsedMs: Math.min(elapsedMs, schedule.totalMs),
      totalMs: schedule.totalMs,
      offeredPerSec: (sum.offered * 1000) / PROGRESS_MS,
      completedPerSec: (sum.completed * 1000) / PROGRESS_MS,
      errors: sum.errors,
      p99Us: quantileOfBuckets(counts, 0.99),
    };
    for (const listener of this.listeners) listener(progress);
  }
}
