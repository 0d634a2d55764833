/**
 * What a history knows of each result: one entry for every run, for every run of a comparison, and for the candidate of
 * every gate. Entries are small, so that a folder with thousands of results fits in memory.
 */
import { createHash } from 'node:crypto';
import type { EnvironmentManifest } from '../../harness/contract/environment.ts';
import type { GateResult } from '../../harness/contract/gate.ts';
import type { RunPlan } from '../../harness/contract/plan.ts';
import type { RunResult, StoredResult } from '../../harness/contract/result.ts';
import type { MeasureMeta, PhaseBounds } from '../../harness/contract/verdict.ts';
import { median } from '../../harness/stats/quantile.ts';

export interface HistoryEntry {
  runId: string;
  /** Path of the file it was read from. */
  file: string;
  /** ISO 8601. */
  startedAt: string;
  commit: string | null;
  /** Results are compared over time only with those of the same key: same experiment, same machine. */
  key: string;
  /** `hot-key, cache-aside`. */
  title: string;
  /** What shapes the result, by path, to tell experiments of one title apart. */
  settings: Record<string, string>;
  environment: string;
  machine: EnvironmentManifest['machine'];
  /** False for what is partial or not valid: it is counted and left out. */
  usable: boolean;
  measures: Record<string, Record<string, number | null>>;
  definitions: readonly MeasureMeta[];
}

/** What says nothing about what is measured: words, judgements, chance, and where settings came from. */
const NO_SETTING = new Set([
  'planVersion',
  'seed',
  'checks',
  'thresholds',
  'prediction',
  'validity',
  'provenance',
  'study',
]);
const NO_WORDS = new Set(['profile.title', 'profile.prose', 'target.title', 'load.seed']);

/** The entries of one result file. */
export function entriesOf(result: StoredResult, file: string): HistoryEntry[] {
  if (result.kind === 'run') return [runEntry(result, file)];
  if (result.kind === 'comparison') return result.runs.map((run) => runEntry(run, file));
  const entry = gateEntry(result, file);
  return entry ? [entry] : [];
}

function runEntry(run: RunResult, file: string): HistoryEntry {
  return {
    ...common(run, 'run', file),
    commit: null,
    usable: !run.partial && run.validity.valid,
    measures: run.measures,
    definitions: run.measureDefinitions,
  };
}

/** A gate stands for its candidate: the median of its valid trials. Null where it has none. */
function gateEntry(gate: GateResult, file: string): HistoryEntry | null {
  const trials = gate.trials.filter(
    (trial) => trial.side === 'candidate' && trial.purpose === 'judge' && trial.invalid.length === 0,
  );
  if (trials.length === 0) return null;
  const ids = [...new Set(trials.flatMap((trial) => Object.keys(trial.measures)))];
  const medians = ids.map((id): [string, number | null] => {
    const values = trials.flatMap((trial) => trial.measures[id] ?? []);
    return [id, median(values)];
  });
  return {
    ...common(gate, gate.design === null ? 'gate, baseline' : `gate, ${gate.design}`, file),
    commit: gate.sides.find((side) => side.name === 'candidate')?.commit ?? null,
    usable: !gate.partial,
    measures: { run: Object.fromEntries(medians) },
    definitions: gate.measureDefinitions,
  };
}

function common(
  result: RunResult | GateResult,
  kind: string,
  file: string,
): Omit<HistoryEntry, 'commit' | 'usable' | 'measures' | 'definitions'> {
  const { plan, environment } = result;
  const settings = settingsOf(plan);
  const title = `${plan.profile.id}, ${plan.label}${kind === 'run' ? '' : ` (${kind})`}`;
  const identity = JSON.stringify([kind, plan.label, environment.id, environment.machine.fingerprint, settings]);
  return {
    runId: result.runId,
    file,
    startedAt: result.startedAt,
    key: createHash('sha256').update(identity).digest('hex').slice(0, 12),
    title,
    settings,
    environment: environment.id,
    machine: environment.machine,
  };
}

/** The leaves of a plan by their paths, sorted; what is not set is not there, so that new settings do not part results. */
function settingsOf(plan: RunPlan): Record<string, string> {
  const leaves: [string, string][] = [];
  const walk = (value: unknown, path: string): void => {
    if (value === null || value === undefined || NO_WORDS.has(path)) return;
    if (typeof value !== 'object') leaves.push([path, JSON.stringify(value)]);
    else for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
  };
  for (const [key, value] of Object.entries(plan)) if (!NO_SETTING.has(key)) walk(value, key);
  return Object.fromEntries(leaves.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The name of a phase that a measure may be taken over. */
export type HistoryPhase = PhaseBounds['name'];
