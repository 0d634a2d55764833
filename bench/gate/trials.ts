/**
 * The example service under the gate's own pair runner, with a candidate whose change can be planted before each pair.
 * Knobs are variables of its environment, read when its processes start, and every trial starts new ones.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from '../../harness/cli/options.ts';
import { HarnessError } from '../../harness/contract/errors.ts';
import type { RunPlan } from '../../harness/contract/plan.ts';
import type { ProgramCommand, Target } from '../../harness/contract/target.ts';
import { selectEnvironment } from '../../harness/environment/select.ts';
import { chooseLength, type TrialLength } from '../../harness/gate/budget.ts';
import type { PairsInput } from '../../harness/gate/pairs.ts';
import { openJournal } from '../../harness/kit/journal.ts';
import { packageRoot } from '../../harness/kit/package-root.ts';
import type { Levels, PlantedChange } from './changes.ts';
import { defaultRules, defaultSettings } from './gate-rules.ts';
import type { TrialSettings } from './recording.ts';

export interface Trials extends AsyncDisposable {
  input: PairsInput;
  length: TrialLength;
  /** From the next pair on the candidate has this change and no other. */
  plant(change: PlantedChange, levels: Levels): void;
}

export interface TrialsInput {
  settings: TrialSettings;
  seed: number;
  command: string;
  signal: AbortSignal;
  say(line: string): void;
}

const SERVICE = join(packageRoot, 'examples', 'own-service');

export async function prepareTrials({ settings, seed, command, signal, say }: TrialsInput): Promise<Trials> {
  const traffic = {
    ...settings.parameters,
    ratePerSec: settings.ratePerSec,
    durationSec: settings.durationSec,
    warmUpSec: settings.warmUpSec,
  };
  const prepared = await prepare({
    config: join(SERVICE, 'cachequake.config.ts'),
    env: 'local',
    instances: settings.instances,
    seed,
    set: Object.entries(traffic).map(([name, value]) => `${name}=${String(value)}`),
  });
  const { catalogue } = prepared;
  const plan = await prepared.plan(settings.profile, { defence: 'cache-aside' }, 'local');
  const { environment } = await selectEnvironment('local', prepared.settings, say);
  const runId = `gate-bench-${process.pid}-${Date.now()}`;
  const folder = mkdtempSync(join(tmpdir(), 'cachequake-gate-bench-'));
  const journal = openJournal(runId);
  const planted = plantable(catalogue.target, commentedCopy(folder));
  return {
    length: lengthOf(plan, settings),
    plant: planted.plant,
    input: {
      environment,
      options: prepared.settings,
      design: settings.design,
      seed,
      base: { side: { name: 'base', title: 'the example service', commit: null }, target: catalogue.target, plan },
      candidate: {
        side: { name: 'candidate', title: 'the example service with a planted change', commit: null },
        target: planted.target,
        plan,
      },
      parts: {
        faults: catalogue.faults,
        probes: [...catalogue.probes.values()],
        defences: catalogue.defences,
        checks: catalogue.checkModules,
        workloads: catalogue.workloads,
      },
      servers: [],
      journal,
      folder,
      runId,
      command,
      signal,
      onStep: () => {},
    },
    [Symbol.asyncDispose]: () => {
      journal.write({ kind: 'ended' });
      journal.close();
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

/** What a gate of these trials judges: a quantile of too few requests is only shown. */
function lengthOf(plan: RunPlan, { design, durationSec }: TrialSettings): TrialLength {
  const { budgetMs } = defaultSettings();
  const { tolerances, firstLook } = defaultRules();
  const judged = Object.keys(tolerances);
  return chooseLength({ plan, design, trialMs: durationSec * 1000, budgetMs, firstLook, judged, named: [] });
}

/** The target with a change that is looked up whenever a process is started. */
function plantable(target: Target, commented: string): { target: Target; plant: Trials['plant'] } {
  if (!('argv' in target.command))
    throw new HarnessError('INTERNAL', 'the example service is not started by a command any more');
  const command: ProgramCommand = target.command;
  let knobs: Readonly<Record<string, string>> = {};
  let copied = false;
  return {
    target: {
      ...target,
      command: {
        ...command,
        argv: (plan, around) =>
          command
            .argv(plan, around)
            .map((word) => (copied && word.endsWith('server.js') ? join(commented, 'server.js') : word)),
      },
      environment: (plan, around) => ({ ...target.environment(plan, around), ...knobs }),
    },
    plant: (change, levels) => {
      knobs = change.knobs(levels);
      copied = change.copied === true;
    },
  };
}

/** The same program in other files, with a comment more. */
function commentedCopy(folder: string): string {
  const copy = join(folder, 'commented');
  mkdirSync(copy);
  for (const file of ['server.js', 'slowdowns.js', 'package.json']) cpSync(join(SERVICE, file), join(copy, file));
  writeFileSync(
    join(copy, 'server.js'),
    `// A comment that changes nothing.\n${readFileSync(join(SERVICE, 'server.js'), 'utf8')}`,
  );
  symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}
