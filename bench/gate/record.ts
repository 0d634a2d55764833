/**
 * Records pairs of real trials until the time is up or there are enough. The change with the fewest pairs goes next, so
 * that whatever is interrupted is balanced, and neighbours in time are of different changes.
 */
import { messageOf } from '../../harness/contract/errors.ts';
import { openPairs, type TrialPair } from '../../harness/gate/pairs.ts';
import { realClock } from '../../harness/kit/clock.ts';
import { formatDuration } from '../../harness/kit/units.ts';
import type { PlantedChange } from './changes.ts';
import { measureLevels } from './levels.ts';
import { append, beginSitting, readAll, seriesName, type TrialSettings } from './recording.ts';
import { makeSitting, recordedPair } from './sitting.ts';
import { prepareTrials } from './trials.ts';

export interface RecordInput {
  settings: TrialSettings;
  changes: readonly PlantedChange[];
  /** No pair is begun after so many minutes. */
  minutes: number;
  /** Pairs of each change in the file at most, and twice as many of the base against itself. */
  pairsPerChange: number;
  folder: string;
  command: string;
  signal: AbortSignal;
  say(line: string): void;
}

/** Every figure of the rest is held against the noise, so it is worth more pairs. */
const SAME_WEIGHT = 2;
/** In a row. */
const MOST_FAILURES = 2;

/** @returns pairs recorded in this sitting */
export async function record(input: RecordInput): Promise<number> {
  const { settings, folder, say } = input;
  const untilMs = realClock.nowMs() + input.minutes * 60_000;
  const name = seriesName(settings);
  const earlier = readAll(folder).find((series) => series.name === name);
  const have = new Map(
    input.changes.map(({ id }) => [id, earlier?.pairs.filter(({ change }) => change === id).length ?? 0]),
  );
  const levels = earlier?.sittings[0]?.levels ?? (await measureLevels(input));
  const openedMs = realClock.nowMs();
  await using trials = await prepareTrials({ ...input, seed: 1000 + (earlier?.sittings.length ?? 0) });
  await using runner = await openPairs(trials.input);
  const openSeconds = (realClock.nowMs() - openedMs) / 1000;
  const sitting = makeSitting({ ...input, levels, openSeconds, length: trials.length, manifest: runner.manifest });
  beginSitting(folder, sitting);
  let recorded = 0;
  let started = 0;
  let failures = 0;
  let lastSeconds = 0;
  while (!input.signal.aborted && realClock.nowMs() + lastSeconds * 1000 < untilMs) {
    const next = nextChange(input.changes, have, input.pairsPerChange);
    if (next === null) break;
    const began = realClock.nowMs();
    trials.plant(next, levels);
    let pair: TrialPair;
    try {
      // Numbers go on after a failure: the same number would be the same traffic in the same order.
      pair = await runner.runPair(started++, 'judge');
      failures = 0;
    } catch (error) {
      if (input.signal.aborted) break;
      if (++failures > MOST_FAILURES) throw error;
      say(`${name} ${next.id}: ${messageOf(error)}; the pair is left out`);
      continue;
    }
    lastSeconds = (realClock.nowMs() - began) / 1000;
    append(folder, settings, recordedPair(sitting, next.id, lastSeconds, pair));
    have.set(next.id, have.get(next.id)! + 1);
    recorded++;
    const left = formatDuration(Math.max(0, untilMs - realClock.nowMs()));
    say(`${name} ${next.id} ${have.get(next.id)}: ${pairText(pair)}, ${lastSeconds.toFixed(1)} s; ${left} left`);
  }
  say(`${name}: ${recorded} pairs; in the file ${[...have].map(([id, count]) => `${id} ${count}`).join(', ')}`);
  return recorded;
}

/** The one with the fewest pairs for its weight; null where all have enough. Of several the first. */
export function nextChange(
  changes: readonly PlantedChange[],
  have: ReadonlyMap<string, number>,
  pairsPerChange: number,
): PlantedChange | null {
  let best: { change: PlantedChange; share: number } | null = null;
  for (const change of changes) {
    const share = (have.get(change.id) ?? 0) / (change.id === 'none' ? SAME_WEIGHT : 1);
    if (share < pairsPerChange && (best === null || share < best.share)) best = { change, share };
  }
  return best?.change ?? null;
}

/** What a person who watches wants to see of a pair. */
export function pairText({ base, candidate }: TrialPair): string {
  const change = (id: string): string => {
    const [a, b] = [base.measures[id], candidate.measures[id]];
    return a && b ? `${(100 * (b / a - 1)).toFixed(1)} %` : 'unknown';
  };
  const invalid = [base, candidate]
    .flatMap((trial) => [...trial.invalid, ...trial.timesInvalid])
    .map((why) => `; invalid: ${why}`)
    .join('');
  return `p50 ${change('latency.p50')}, p95 ${change('latency.p95')}, p99 ${change('latency.p99')}, queries ${change('db.queriesPerRequest')}${invalid}`;
}
