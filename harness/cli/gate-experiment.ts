/**
 * A gate as it is called from the command line: everything that can be wrong is found before anything starts, both
 * sides are brought to where they can be started, and whatever happens is stopped and written.
 */
import { resolve } from 'node:path';
import type { EnvironmentId } from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { PairDesign } from '../contract/gate.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { Target } from '../contract/target.ts';
import { refuseMissingServers } from '../environment/missing-servers.ts';
import { selectEnvironment } from '../environment/select.ts';
import { assertAcceptable, makeBaseline, runTrials } from '../gate/baseline.ts';
import { assertSameExperiment, readBaseline, writeBaseline } from '../gate/baseline-file.ts';
import { chooseLength, type TrialLength } from '../gate/budget.ts';
import { defaultDesign } from '../gate/pairs.ts';
import { type PlacedSide, placeSide } from '../gate/place-side.ts';
import { announce, exitCodeOf, type GateOutcome, runAgainstBaseline, runSideBySide } from '../gate/run-gate.ts';
import type { PairSide } from '../gate/trial.ts';
import { recordedMs, withRecordedMs } from '../gate/trial-plan.ts';
import { openJournal } from '../kit/journal.ts';
import { refusePlace } from '../plan/own-target-fit.ts';
import { serversOf } from '../plan/servers.ts';
import { trialsOf } from '../verdict/gate/decide-baseline.ts';
import { rulesFor } from '../verdict/gate/rules.ts';
import { parseTolerance } from '../verdict/gate/tolerance.ts';
import { allMeasures, metaOf } from '../verdict/measures.ts';
import { readGate, type ReadGate } from './gate-flags.ts';
import { chooseSides, type ChosenSides, targetOf } from './gate-sides.ts';
import { listenForInterrupts } from './interrupts.ts';
import { type Prepared, prepare } from './options.ts';
import { linkLatest, makeOutputFolder, newRunId, removeIfEmpty } from './output-folder.ts';
import { type DescribedTarget, describedTarget, isChosen, placeOf } from './own-target.ts';
import { createProgress, type Progress } from './progress.ts';
import { typedCommand } from './typed-command.ts';

const MEASURES = [...allMeasures().values()].map(metaOf);

export interface GateInput {
  profile: string;
  defence: string | undefined;
  /** All that was typed. */
  flags: Record<string, unknown>;
  out: string | undefined;
}

export interface GateFinish {
  outcome: GateOutcome | null;
  folder: string;
  exitCode: number;
  /** What was accepted, in lines; only where a baseline was written. */
  accepted: string[];
}

/** Runs the gate that was asked for. */
export async function runGate(input: GateInput): Promise<GateFinish> {
  const { flags } = input;
  if (flags['threshold'] !== undefined)
    throw new HarnessError('USAGE', '--threshold goes with `run`: a gate judges changes, by --tolerance');
  const prepared = await prepare(flags);
  const { settings, config, catalogue } = prepared;
  const gate = readGate(flags, config.content['gate'], config.path);
  const described = describedTarget(flags, config);
  const sides = await chooseSides(gate.way, gate.settings, described, catalogue.target);
  const planner = plannerOf(input, prepared, gate, described);

  // Planned before anything is looked for, so that a typing slip costs no time; git refs are planned as they are here.
  const provisional = provisionalTargets(sides, described, catalogue.target);
  const chosen = isChosen(prepared.provenance, 'env') ? settings.env : placeOf(provisional[0]!, 'auto');
  const assumed = chosen === 'auto' ? 'local' : chosen;
  for (const target of provisional) await planner.plan(target, assumed);

  const progress = await createProgress(process.stderr, isLive());
  const interrupts = listenForInterrupts((line) => progress.step(line));
  try {
    const { environment, reason } = await selectEnvironment(chosen, settings, progress.step);
    const length = await planner.plan(provisional[0]!, environment.id);
    const servers = serversOf([length.plan], catalogue.stores);
    await refuseMissingServers(environment.id, { servers, edge: length.plan.edge !== null }, settings, progress.step);
    const runId = newRunId(`gate-${length.plan.profile.id}`, new Date());
    const folder = makeOutputFolder(runId, input.out);
    const journal = openJournal(runId);
    progress.step(`${environment.title}: ${reason}`);
    const placed: PlacedSide[] = [];
    let allStopped = true;
    const startedAt = new Date();
    try {
      const place = async (side: ChosenSides['candidate']): Promise<PairSide & { length: TrialLength }> => {
        const where = await placeSide(side, {
          folder: described?.configFolder ?? process.cwd(),
          temporaryFolder: journal.folder,
          outFolder: folder,
          build: gate.settings.build,
          buildTimeoutMs: gate.settings.buildTimeoutMs,
          journal,
          signal: interrupts.signal,
          onStep: progress.step,
        });
        placed.push(where);
        const target = described === null ? catalogue.target : targetOf(described, where);
        const planned = await planner.plan(target, environment.id);
        return { side: side.side, target, plan: planned.plan, length: planned };
      };
      const base = sides.base && (await place(sides.base));
      const candidate = gate.way === 'itself' ? { ...base!, side: sides.candidate.side } : await place(sides.candidate);
      const common = {
        environment,
        options: settings,
        seed: settings.seed,
        candidate,
        parts: { ...catalogue, checks: catalogue.checkModules, probes: [...catalogue.probes.values()] },
        servers,
        journal,
        folder,
        runId,
        command: typedCommand(),
        signal: interrupts.signal,
        onStep: progress.step,
        onLoad: isLive() ? progress.load : undefined,
        measures: MEASURES,
        rules: planner.rules,
        budgetMs: gate.settings.budgetMs,
        startedAt,
      };
      return await concluded(folder, input.out, progress, async () => {
        if (base !== null) {
          const { requests, tooFew } = candidate.length;
          const { noisePairs } = gate.settings;
          const design = planner.designOn(environment.id);
          progress.step(announce(design, candidate.length, recordedMs(candidate.plan)));
          return runSideBySide({ ...common, base, design, noisePairs, requests, tooFew });
        }
        const file = gate.settings.baseline!;
        if (gate.way === 'accept') return accept(common, gate, file);
        return runAgainstBaseline({
          ...common,
          baseline: planner.baseline!,
          file,
          // What has no partner in the baseline would say nothing.
          trials: Math.min(planner.rules.lastLook, trialsOf(planner.baseline!)),
          acceptCommand: `${common.command} --accept`,
        });
      });
    } catch (error) {
      // What could not be stopped must be found by `clean`, and so its journal stays.
      allStopped = !(error instanceof Error && ['AggregateError', 'SuppressedError'].includes(error.name));
      removeIfEmpty(folder);
      // Whatever broke off when the person did is no error of its own.
      throw interrupts.signal.aborted && allStopped
        ? new HarnessError('INTERRUPTED', 'interrupted before anything was recorded', { cause: error })
        : error;
    } finally {
      for (const one of placed) await one[Symbol.asyncDispose]();
      if (allStopped) journal.write({ kind: 'ended' });
      journal.close();
    }
  } finally {
    interrupts.dispose();
    progress.done();
  }
}

/** Writes what came of it; what ended a gate before its time is thrown after that. */
async function concluded(
  folder: string,
  out: string | undefined,
  progress: Progress,
  run: () => Promise<GateOutcome | string[]>,
): Promise<GateFinish> {
  const outcome = await run();
  if (Array.isArray(outcome)) return { outcome: null, folder, exitCode: 0, accepted: outcome };
  progress.step('writing the result');
  const { writeOutputs } = await import('./write-outputs.ts');
  await writeOutputs(outcome.result, folder);
  linkLatest(folder, out);
  if (outcome.error !== null && !outcome.interrupted) throw outcome.error;
  return { outcome, folder, exitCode: exitCodeOf(outcome), accepted: [] };
}

async function accept(
  common: Omit<Parameters<typeof runTrials>[0], 'trials'> & { startedAt: Date },
  gate: ReadGate,
  file: string,
): Promise<string[]> {
  const { manifest, trials, interrupted, failure } = await runTrials({
    ...common,
    trials: gate.settings.baselineTrials,
  });
  if (failure !== null) throw failure;
  if (interrupted) throw new HarnessError('INTERRUPTED', 'interrupted: nothing was accepted');
  assertAcceptable(trials);
  const { candidate } = common;
  const baseline = makeBaseline({
    plan: candidate.plan,
    trials,
    manifest,
    measures: MEASURES,
    commit: candidate.side.commit,
    acceptedAt: new Date(),
  });
  writeBaseline(resolve(file), baseline);
  return [
    `accepted  ${file}: ${Object.keys(baseline.counts).length} counts from ${trials.length} trials of ${candidate.side.title}`,
  ];
}

interface Planner {
  rules: ReturnType<typeof rulesFor>;
  /** Where the gate is against one. */
  baseline: ReturnType<typeof readBaseline> | null;
  /** How pairs are run there: as asked for, or as its servers allow. */
  designOn(environment: EnvironmentId): PairDesign;
  /** The plan of a trial of this target, as long as it must be; throws whatever is wrong with it. */
  plan(target: Target, environment: EnvironmentId): Promise<TrialLength>;
}

function plannerOf(
  { profile, defence }: GateInput,
  prepared: Prepared,
  { settings, way, tolerances }: ReadGate,
  described: DescribedTarget | null,
): Planner {
  const sideBySide = way === 'against' || way === 'itself';
  const rules = rulesFor(
    {
      tolerances,
      alpha: settings.alpha,
      ...(settings.firstLook !== null && { firstLook: settings.firstLook }),
      ...(settings.lastLook !== null && { lastLook: settings.lastLook }),
    },
    sideBySide ? 'side-by-side' : 'baseline',
  );
  const baseline = way === 'baseline' ? readBaseline(resolve(settings.baseline!)) : null;
  const designOn = (environment: EnvironmentId): PairDesign => settings.design ?? defaultDesign(environment);
  return {
    rules,
    baseline,
    designOn,
    plan: async (target, environment) => {
      if (described !== null) refusePlace(target, environment);
      prepared.catalogue.target = target;
      const made = await prepared.plan(profile, { defence: defence ?? 'cache-aside' }, environment);
      const whole: RunPlan = { ...made, thresholds: [] };
      if (!sideBySide) {
        const plan = settings.trialMs === null ? whole : withRecordedMs(whole, settings.trialMs);
        if (baseline !== null) assertSameExperiment(settings.baseline!, baseline, plan);
        return { plan, requests: null, tooFew: [] };
      }
      return chooseLength({
        plan: whole,
        design: designOn(environment),
        trialMs: settings.trialMs,
        budgetMs: settings.budgetMs,
        firstLook: rules.firstLook,
        noisePairs: settings.noisePairs,
        judged: Object.keys(rules.tolerances),
        named: tolerances.map((text) => parseTolerance(text, rules.tolerances).measure),
      });
    },
  };
}

/** The targets as far as they can be known before anything is checked out; the candidate's first. */
function provisionalTargets(sides: ChosenSides, described: DescribedTarget | null, target: Target): Target[] {
  if (described === null) return [target];
  return [sides.candidate, ...(sides.base ? [sides.base] : [])].map(({ source }) =>
    targetOf(described, {
      folder: described.configFolder,
      command: source.kind === 'command' ? source.command : null,
      image: source.kind === 'image' ? source.image : null,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  );
}

function isLive(): boolean {
  return process.stderr.isTTY && !process.env['CI'];
}
