/**
 * Pairs of real trials in a file, one line each, so that an interrupted recording is continued and decisions can be
 * resampled without the servers. A file holds one series: one design with one length and rate, on one machine; every
 * sitting opens with a line that says when, where and with what. Trials are kept compact, since the files are in git.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, truncateSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { EnvironmentManifest } from '../../harness/contract/environment.ts';
import { HarnessError } from '../../harness/contract/errors.ts';
import type { PairDesign, SideName, Trial } from '../../harness/contract/gate.ts';
import type { Levels } from './changes.ts';
import type { MeasureMeta } from '../../harness/contract/verdict.ts';
import type { TrialPair } from '../../harness/gate/pairs.ts';

/** What shapes a trial of the validation. */
export interface TrialSettings {
  design: PairDesign;
  /** Of the recorded window. */
  durationSec: number;
  warmUpSec: number;
  /** Requests per second over both sides of a duet, or of one alternating trial. */
  ratePerSec: number;
  instances: number;
  profile: string;
  parameters: Record<string, unknown>;
}

/** One sitting: everything recorded without a pause. */
export interface Sitting {
  kind: 'sitting';
  recordingVersion: 1;
  id: string;
  startedAt: string;
  command: string;
  settings: TrialSettings;
  machine: EnvironmentManifest['machine'];
  versions: Record<string, string>;
  /** Seconds until the first pair could begin: servers, data, generators. */
  openSeconds: number;
  measures: MeasureMeta[];
  /** Measures that trials of this length and rate have too few requests for: a gate shows them and does not judge. */
  notJudged: string[];
  /** What the plants are shares of; the same in every sitting of a series. */
  levels: Levels;
}

/** A trial without what its place in the file says. */
export type CompactTrial = Omit<Trial, 'side' | 'pair' | 'purpose' | 'timesInvalid'> & {
  /** Not in recordings from before a late generator took the worth from times alone. */
  timesInvalid?: string[];
};

export interface RecordedPair {
  kind: 'pair';
  sitting: string;
  /** Id of the planted change; `none` for the base against itself. */
  change: string;
  /** Of a whole gate, by its start; not given for pairs that were recorded by themselves. */
  gate?: string;
  /** Of the whole pair, from the wish to the figures. */
  seconds: number;
  base: CompactTrial;
  candidate: CompactTrial;
}

export interface Series {
  name: string;
  settings: TrialSettings;
  sittings: Sitting[];
  pairs: RecordedPair[];
}

const DIGITS = 5;

/** `duet-10s-300`: design, seconds of the recorded window, requests per second. */
export function seriesName({ design, durationSec, ratePerSec }: TrialSettings): string {
  return `${design}-${durationSec}s-${ratePerSec}`;
}

/** Appends lines to a series' file; the folder is made. */
export function append(folder: string, settings: TrialSettings, line: Sitting | RecordedPair): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, `${seriesName(settings)}.jsonl`), `${JSON.stringify(line)}\n`);
}

/** A trial with what is judged or shown, to five significant digits. */
export function compact(trial: Trial, measureIds: readonly string[]): CompactTrial {
  const { side: _side, pair: _pair, purpose: _purpose, ...rest } = trial;
  return {
    ...rest,
    durationMs: Math.round(rest.durationMs),
    measures: Object.fromEntries(measureIds.map((id) => [id, rounded(trial.measures[id] ?? null)])),
    latencyMs: trial.latencyMs.map(rounded),
    generatorLagP99Ms: rounded(trial.generatorLagP99Ms),
    stolenCpuShare: rounded(trial.stolenCpuShare),
  };
}

/** The pair as the `index`-th of a gate; `swapped` exchanges base and candidate. */
export function asPair(
  recorded: RecordedPair,
  index: number,
  swapped = false,
  purpose: Trial['purpose'] = 'judge',
): TrialPair {
  const trial = (compact: CompactTrial, side: SideName): Trial => ({
    ...compact,
    timesInvalid: compact.timesInvalid ?? [],
    side,
    pair: index,
    purpose,
  });
  return swapped
    ? { base: trial(recorded.candidate, 'base'), candidate: trial(recorded.base, 'candidate') }
    : { base: trial(recorded.base, 'base'), candidate: trial(recorded.candidate, 'candidate') };
}

/** Every series in a folder, by name; none where the folder is not there. */
export function readAll(folder: string): Series[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => /^(alternating|duet)-.*\.jsonl$/.test(file))
    .toSorted()
    .map((file) => readSeries(join(folder, file)));
}

/**
 * @throws HarnessError BAD_RESULT for a file that is no recording, or a pair before its sitting. A last line that was
 *   cut off by an interruption is left out.
 */
export function readSeries(file: string): Series {
  const series: Series = { name: basename(file, '.jsonl'), settings: null as never, sittings: [], pairs: [] };
  const lines = readFileSync(file, 'utf8').split('\n');
  lines.forEach((text, i) => {
    if (text === '') return;
    let line: Sitting | RecordedPair;
    try {
      line = JSON.parse(text) as Sitting | RecordedPair;
    } catch (cause) {
      if (i === lines.length - 1) return;
      throw new HarnessError('BAD_RESULT', `${file}:${i + 1} is no JSON`, { cause });
    }
    if (line.kind === 'sitting') {
      series.sittings.push(line);
      series.settings ??= line.settings;
    } else if (line.kind === 'pair' && series.sittings.some(({ id }) => id === line.sitting)) series.pairs.push(line);
    else throw new HarnessError('BAD_RESULT', `${file}:${i + 1} is neither a sitting nor a pair of an earlier one`);
  });
  if (series.sittings.length === 0) throw new HarnessError('BAD_RESULT', `${file} holds no sitting`);
  return series;
}

/**
 * Opens a sitting in its series' file, behind what is there already. A line that an interruption cut off is taken away.
 *
 * @throws HarnessError BAD_PARAMETER where the file is of another machine or of other settings: noise differs, and a
 *   table of both would describe neither
 */
export function beginSitting(folder: string, sitting: Sitting): void {
  const file = join(folder, `${seriesName(sitting.settings)}.jsonl`);
  if (existsSync(file)) {
    const text = readFileSync(file, 'utf8');
    if (!text.endsWith('\n')) truncateSync(file, Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1)));
    const first = readSeries(file).sittings[0]!;
    const other = { ...first.settings, machine: first.machine.fingerprint };
    const own = { ...sitting.settings, machine: sitting.machine.fingerprint };
    const differing = (Object.keys(own) as (keyof typeof own)[]).filter(
      (name) => JSON.stringify(own[name]) !== JSON.stringify(other[name]),
    );
    if (differing.length > 0)
      throw new HarnessError('BAD_PARAMETER', `${file} was recorded with another ${differing.join(', ')}`, {
        hint: 'record into another folder: --folder <path>',
      });
  }
  append(folder, sitting.settings, sitting);
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(DIGITS));
}
