/**
 * Runs one or several plans of the same traffic on one started stack and writes what came of it. `run` is the case of
 * one plan, `compare` that of several.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AnyResult, ComparisonResult, RunResult } from '../contract/result.ts';
import type { EnvironmentId } from '../contract/environment.ts';
import { EXIT, HarnessError } from '../contract/errors.ts';
import type { PreparedLoad } from '../contract/load.ts';
import type { RunPlan } from '../contract/plan.ts';
import { openJournal } from '../kit/journal.ts';
import { unknownName } from '../kit/suggest.ts';
import { openLoopEngine } from '../load/open-loop.ts';
import { saturationEngine } from '../load/saturation.ts';
import { serversOf } from '../plan/servers.ts';
import { listenForInterrupts } from './interrupts.ts';
import type { Prepared, Variant } from './options.ts';
import { linkLatest, makeOutputFolder, newRunId, removeIfEmpty } from './output-folder.ts';
import { createProgress } from './progress.ts';
import { runOrder } from './run-order.ts';

export interface ExperimentInput {
  prepared: Prepared;
  profiles: readonly string[];
  /** One for a run. */
  variants: readonly Variant[];
  /** How often each is run; in rounds, each in an order drawn from the seed. */
  repeats: number;
  /** Label of the contender that the others are held against; the first where not given. */
  against?: string | undefined;
  command: string;
  out?: string | undefined;
}

export interface ExperimentOutcome {
  result: AnyResult;
  folder: string;
  exitCode: number;
}

/** Plans everything, starts the stack, runs each plan, writes the result, stops everything. */
export async function runExperiment(input: ExperimentInput): Promise<ExperimentOutcome> {
  const { prepared } = input;
  const { settings, catalogue } = prepared;
  // Planned before anything is looked for, so that a typing slip costs no time.
  const asEnvironment = settings.env === 'auto' ? 'local' : settings.env;
  const planned = await makePlans(input, asEnvironment);
  checkAgainst(input.against, planned);
  const order = runOrder(planned.length / input.repeats, input.repeats, settings.seed);

  const progress = await createProgress(process.stderr, process.stderr.isTTY && !process.env['CI']);
  const interrupts = listenForInterrupts((line) => progress.step(line));
  try {
    // First of all: generators load and warm their code while the harness loads the rest of its own and servers start.
    const firstPlan = planned[order[0]!]!;
    await using firstGenerators = prepareLoad(firstPlan);
    const { selectEnvironment, refuseMissingServers, executeRun } = await loadTheRest();
    const { environment, reason } = await selectEnvironment(settings.env, settings, (line) => progress.step(line));
    const plans = await makePlans(input, environment.id);
    if (!isDeepStrictEqual(plans[order[0]!]!.load, firstPlan.load))
      throw new HarnessError('INTERNAL', `the load of ${firstPlan.label} is another one on ${environment.title}`);
    const servers = serversOf(plans, catalogue.stores);
    await refuseMissingServers(
      environment.id,
      { servers, edge: plans.some(({ edge }) => edge !== null) },
      settings,
      progress.step,
    );
    const runId = newRunId(plans[0]!.profile.id, new Date());
    const folder = makeOutputFolder(runId, input.out);
    const journal = openJournal(runId);
    progress.step(`${environment.title}: ${reason}`);
    const startedAt = new Date();
    const done = new Map<number, RunResult>();
    let failure: unknown;
    let allStopped = true;
    try {
      const stack = await environment.start({
        runId,
        folder,
        options: settings,
        instances: settings.instances,
        servers,
        seed: settings.seed,
        journal,
        signal: interrupts.signal,
        progress: progress.step,
      });
      allStopped = false;
      try {
        for (const [step, index] of order.entries()) {
          if (interrupts.signal.aborted) break;
          const plan = plans[index]!;
          if (plans.length > 1) progress.step(`${plan.profile.id}: ${plan.label} (${step + 1} of ${plans.length})`);
          await using generators = step === 0 ? firstGenerators : prepareLoad(plan);
          done.set(
            index,
            await executeRun({
              plan,
              stack,
              target: catalogue.target,
              workload: plan.workload && catalogue.workloads.get(plan.workload.id)!,
              generators,
              faults: catalogue.faults,
              probes: [...catalogue.probes.values()],
              checks: new Map([...catalogue.checkModules].filter(([id]) => plan.checks.includes(id))),
              defences: catalogue.defences,
              journal,
              runId: plans.length > 1 ? `${runId}.${index + 1}` : runId,
              command: input.command,
              signal: interrupts.signal,
              onStep: progress.step,
              onLoad: progress.load,
            }),
          );
        }
      } catch (error) {
        failure = error;
      }
      progress.step('stopping');
      await stack[Symbol.asyncDispose]();
      allStopped = true;
    } catch (error) {
      failure ??= error;
    }
    // Without this line the journal stays, and `clean` can take back what could not be stopped.
    if (allStopped) journal.write({ kind: 'ended' });
    journal.close();
    // As they were written, whatever the order in which they took place.
    const runs = plans.flatMap((_, index) => done.get(index) ?? []);
    if (failure !== undefined && runs.length === 0) {
      removeIfEmpty(folder);
      throw interrupts.signal.aborted
        ? new HarnessError('INTERRUPTED', 'interrupted before anything was recorded')
        : failure;
    }

    const result = plans.length === 1 ? runs[0]! : await compareRuns(runs, plans.length, runId, input, startedAt);
    // Loaded only now: the renderers are a third of what the command line would otherwise load before it starts.
    const { writeOutputs } = await import('./write-outputs.ts');
    await writeOutputs(result, folder);
    linkLatest(folder, input.out);
    if (failure !== undefined && !interrupts.signal.aborted) throw failure;
    return { result, folder, exitCode: exitCodeOf(result, interrupts.signal.aborted) };
  } finally {
    interrupts.dispose();
    progress.done();
  }
}

/** Repeat by repeat; who goes first in each is not said here. */
async function makePlans(input: ExperimentInput, environment: EnvironmentId): Promise<RunPlan[]> {
  const plans: RunPlan[] = [];
  for (let repeat = 0; repeat < input.repeats; repeat++)
    for (const profile of input.profiles)
      for (const variant of input.variants) plans.push(await input.prepared.plan(profile, variant, environment));
  return plans;
}

function checkAgainst(against: string | undefined, plans: readonly RunPlan[]): void {
  if (against === undefined) return;
  const labels = [...new Set(plans.map(({ label }) => label))];
  if (!labels.includes(against)) throw unknownName('contender', against, labels);
}

function prepareLoad(plan: RunPlan): PreparedLoad {
  const engine = plan.load.engine === 'saturation' ? saturationEngine : openLoopEngine;
  return engine.prepare(plan.load);
}

/** What is not needed to plan: half of all code. */
async function loadTheRest() {
  const [{ selectEnvironment }, { refuseMissingServers }, { executeRun }] = await Promise.all([
    import('../environment/select.ts'),
    import('../environment/missing-servers.ts'),
    import('../run/run.ts'),
  ]);
  return { selectEnvironment, refuseMissingServers, executeRun };
}

/** A comparison that lacks a planned run is partial. */
async function compareRuns(
  runs: RunResult[],
  planned: number,
  runId: string,
  { command, against }: ExperimentInput,
  startedAt: Date,
): Promise<ComparisonResult> {
  const [{ assembleComparisonResult }, { judgeComparison }] = await Promise.all([
    import('../results/assemble.ts'),
    import('../verdict/compare.ts'),
  ]);
  const result = assembleComparisonResult({
    runs,
    judgement: judgeComparison(runs, against),
    runId,
    command,
    startedAt,
    finishedAt: new Date(),
  });
  return { ...result, partial: result.partial || runs.length < planned };
}

function exitCodeOf(result: AnyResult, interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted;
  if (result.partial) return EXIT.undecided;
  return { pass: EXIT.pass, unknown: EXIT.undecided, fail: EXIT.failed }[result.verdict.status];
}
