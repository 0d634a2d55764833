/**
 * Whole gates, from the start of the servers to the verdict, with the code that the command line uses. Their pairs go
 * into the recording too: they are as real as any. A gate stops early by what it sees, so pairs of gates that passed
 * soon are slightly favoured; the sign of their differences is not.
 */
import { realClock } from '../../harness/kit/clock.ts';
import { runSideBySide } from '../../harness/gate/run-gate.ts';
import { allMeasures } from '../../harness/verdict/measures.ts';
import type { GateResult, Trial } from '../../harness/contract/gate.ts';
import type { PlantedChange } from './changes.ts';
import { defaultRules, defaultSettings } from './gate-rules.ts';
import { measureLevels } from './levels.ts';
import { append, beginSitting, readAll, seriesName, type TrialSettings } from './recording.ts';
import { makeSitting, recordedPair, versionsOf } from './sitting.ts';
import { prepareTrials } from './trials.ts';
import { appendGate } from './whole-file.ts';

export interface WholeInput {
  settings: TrialSettings;
  changes: readonly PlantedChange[];
  /** Gates of each change. */
  count: number;
  /** Of each gate; null for what a gate has by default. */
  budgetMs: number | null;
  /** No gate is begun after so many minutes. */
  minutes: number;
  folder: string;
  command: string;
  signal: AbortSignal;
  say(line: string): void;
}

/** @returns gates that were run to their end */
export async function runWholeGates(input: WholeInput): Promise<number> {
  const { folder, settings, signal, say } = input;
  const untilMs = realClock.nowMs() + input.minutes * 60_000;
  let done = 0;
  // In turns, so that an interrupted sitting has some of each.
  for (let round = 0; round < input.count; round++)
    for (const change of input.changes) {
      if (signal.aborted || realClock.nowMs() > untilMs) return done;
      if (!(await runOne(input, change))) return done;
      done++;
      say(`${done} of ${input.count * input.changes.length} gates in ${folder}, ${seriesName(settings)}`);
    }
  return done;
}

/** @returns false where it was interrupted, which leaves nothing */
async function runOne(input: WholeInput, change: PlantedChange): Promise<boolean> {
  const { folder, settings, say } = input;
  const series = seriesName(settings);
  const earlier = readAll(folder).find(({ name }) => name === series);
  const levels = earlier?.sittings[0]?.levels ?? (await measureLevels(input));
  const startedAt = new Date();
  const beganMs = realClock.nowMs();
  await using trials = await prepareTrials({ ...input, seed: 5000 + (earlier?.sittings.length ?? 0) });
  trials.plant(change, levels);
  const { noisePairs, ...settled } = defaultSettings();
  const budgetMs = input.budgetMs ?? settled.budgetMs;
  const { result, interrupted, error } = await runSideBySide({
    ...trials.input,
    ...trials.length,
    rules: defaultRules(),
    measures: [...allMeasures().values()],
    noisePairs,
    budgetMs,
    startedAt,
    onStep: (line) => say(`${change.id}: ${line}`),
  });
  if (error !== null) throw error;
  if (interrupted) return false;
  const minutes = (realClock.nowMs() - beganMs) / 60_000;
  const sitting = makeSitting({
    settings,
    command: input.command,
    levels,
    openSeconds: (Math.min(...result.trials.map((trial) => Date.parse(trial.startedAt))) - startedAt.getTime()) / 1000,
    length: trials.length,
    manifest: result.environment,
  });
  beginSitting(folder, sitting);
  for (const { pair, seconds } of pairsOf(result))
    append(
      folder,
      settings,
      recordedPair(sitting, pair.base.purpose === 'noise' ? 'none' : change.id, seconds, pair, sitting.id),
    );
  appendGate(folder, {
    kind: 'gate',
    series,
    change: change.id,
    status: result.decision,
    startedAt: startedAt.toISOString(),
    minutes: Number(minutes.toFixed(2)),
    budgetMinutes: budgetMs / 60_000,
    pairs: result.trials.filter(({ purpose, side }) => purpose === 'judge' && side === 'base').length,
    regressed: result.measures.filter(({ outcome }) => outcome === 'regressed').map(({ id }) => id),
    open: [
      ...result.measures.filter(({ outcome }) => outcome === 'undecided').map(({ id }) => id),
      ...result.guards.filter(({ ok }) => !ok).map(({ id }) => `guard ${id}`),
    ],
    sentence: result.verdict.sentence,
    machine: result.environment.machine,
    versions: versionsOf(result.environment),
  });
  say(`${change.id}: ${result.verdict.sentence} (${minutes.toFixed(1)} minutes)`);
  return true;
}

/** Pairs of a gate in order; a pair took until the next one began, and the last until the end. */
export function pairsOf({ trials, finishedAt }: Pick<GateResult, 'trials' | 'finishedAt'>): {
  pair: { base: Trial; candidate: Trial };
  seconds: number;
}[] {
  const grouped = [...Map.groupBy(trials, ({ purpose, pair }) => `${purpose} ${pair}`).values()].map((of) => ({
    base: of.find(({ side }) => side === 'base')!,
    candidate: of.find(({ side }) => side === 'candidate')!,
  }));
  const beganMs = grouped.map(({ base, candidate }) =>
    Math.min(Date.parse(base.startedAt), Date.parse(candidate.startedAt)),
  );
  return grouped.map((pair, i) => ({
    pair,
    seconds: ((beganMs[i + 1] ?? Date.parse(finishedAt)) - beganMs[i]!) / 1000,
  }));
}
