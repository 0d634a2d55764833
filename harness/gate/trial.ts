/**
 * One trial: a whole run on a started stack, with fresh service processes and connections, cache and data in their
 * first state, and a warm-up of its own; of which only the figures are kept. A service that does not start, or dies,
 * is a finding about its side and no trouble of the harness, so it is told apart from everything else that can fail.
 */
import type { StartedStack } from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { GateSide, SideName, Trial } from '../contract/gate.ts';
import type { Journal } from '../contract/journal.ts';
import type { LoadProgress, PreparedLoad } from '../contract/load.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { Target } from '../contract/target.ts';
import type { Check } from '../contract/verdict.ts';
import type { Workload } from '../contract/workload.ts';
import { openLoopEngine } from '../load/open-loop.ts';
import { saturationEngine } from '../load/saturation.ts';
import { executeRun, type RunInput } from '../run/run.ts';
import { compactTrial } from './compact.ts';
import { type CpuTimes, readCpuTimes, stolenShare } from './stolen.ts';
import { trialPlan } from './trial-plan.ts';

/** One of the two that are compared. The plans of both differ in nothing, or in what is being compared. */
export interface PairSide {
  side: GateSide;
  target: Target;
  plan: RunPlan;
}

/** What a run needs of the catalogue. */
export interface RunParts extends Pick<RunInput, 'faults' | 'probes' | 'defences'> {
  checks: ReadonlyMap<string, Check>;
  workloads: ReadonlyMap<string, Workload>;
}

export interface TrialContext {
  stack: StartedStack;
  parts: RunParts;
  journal: Journal;
  runId: string;
  /** What was typed, redacted. */
  command: string;
  signal: AbortSignal;
  onLoad?: ((progress: LoadProgress) => void) | undefined;
}

export interface TrialJob extends Pick<Trial, 'pair' | 'purpose' | 'position' | 'seed'> {
  /** Which side it stands for; a pair that measures noise has the base on both. */
  name: SideName;
  side: PairSide;
  /** Share of the plan's rate. */
  rateShare: number;
  /** Waited for when everything is ready but the load, so that two trials begin together. */
  together?: (() => Promise<void>) | undefined;
}

/** The service of one side did not start, or did not live through the trial. */
export class TrialFailure extends HarnessError {
  readonly side: SideName;
  readonly when: 'start' | 'load';

  constructor(side: SideName, when: 'start' | 'load', cause: HarnessError) {
    super(cause.code, cause.message, { hint: cause.hint, cause });
    this.side = side;
    this.when = when;
  }
}

/**
 * Runs one trial.
 *
 * @throws TrialFailure where the service of the side is at fault; HarnessError INTERRUPTED where the signal was aborted,
 *   and whatever else a run throws
 */
export async function runTrial(context: TrialContext, job: TrialJob): Promise<Trial> {
  const { parts } = context;
  const plan = trialPlan(job.side.plan, job);
  const load = { began: false, cpuBefore: null as CpuTimes | null };
  await using generators = prepareLoad(plan);
  const watched: PreparedLoad = {
    start: async (urls) => {
      await job.together?.();
      load.began = true;
      load.cpuBefore = readCpuTimes();
      return generators.start(urls);
    },
    [Symbol.asyncDispose]: () => generators[Symbol.asyncDispose](),
  };
  try {
    const result = await executeRun({
      plan,
      stack: context.stack,
      target: job.side.target,
      workload: plan.workload && parts.workloads.get(plan.workload.id)!,
      generators: watched,
      faults: parts.faults,
      probes: parts.probes,
      checks: new Map([...parts.checks].filter(([id]) => plan.checks.includes(id))),
      defences: parts.defences,
      journal: context.journal,
      runId: `${context.runId}.${job.purpose}-${job.pair}-${job.name}`,
      command: context.command,
      signal: context.signal,
      // Two dozen trials would fill the screen with the same lines.
      onStep: () => {},
      onLoad: context.onLoad ?? (() => {}),
    });
    if (result.partial) throw new HarnessError('INTERRUPTED', 'interrupted during a trial');
    return compactTrial(
      result,
      { side: job.name, pair: job.pair, purpose: job.purpose, position: job.position },
      stolenShare(load.cpuBefore, readCpuTimes()),
    );
  } catch (error) {
    if (context.signal.aborted) throw new HarnessError('INTERRUPTED', 'interrupted during a trial', { cause: error });
    if (isOfService(error)) throw new TrialFailure(job.name, load.began ? 'load' : 'start', error);
    throw error;
  }
}

/** Errors that say something about the service rather than about its surroundings. */
function isOfService(error: unknown): error is HarnessError {
  if (!(error instanceof HarnessError)) return false;
  return (
    error.code === 'SERVICE_FAILED' ||
    error.code === 'IMAGE_MISSING' ||
    (error.code === 'DEADLINE' && /^(starting|proving) the service/.test(error.message))
  );
}

function prepareLoad(plan: RunPlan): PreparedLoad {
  return (plan.load.engine === 'saturation' ? saturationEngine : openLoopEngine).prepare(plan.load);
}
