/**
 * Measures what the base is, so that a planted share is a share of something: its median where nothing queues, and
 * its quantiles and queries under the traffic of the series. One pair of each; both sides of both are the base.
 */
import { HarnessError } from '../../harness/contract/errors.ts';
import { openPairs, type TrialPair } from '../../harness/gate/pairs.ts';
import { median } from '../../harness/stats/quantile.ts';
import type { Levels } from './changes.ts';
import type { TrialSettings } from './recording.ts';
import { prepareTrials, type TrialsInput } from './trials.ts';

/** Hardly a request meets another, and the machine does not fall asleep between them. */
const UNLOADED = { design: 'alternating', durationSec: 8, ratePerSec: 50 } as const;

/** @throws HarnessError SERVICE_FAILED where a trial knows one of the levels not */
export async function measureLevels(input: Omit<TrialsInput, 'seed'>): Promise<Levels> {
  input.say('measuring what the plants are shares of');
  const durationSec = Math.min(UNLOADED.durationSec, input.settings.durationSec);
  const unloaded = await onePair(input, { ...input.settings, ...UNLOADED, durationSec });
  const loaded = await onePair(input, input.settings);
  const levels: Levels = {
    unloadedP50Ms: levelOf(unloaded, 'latency.p50'),
    p95Ms: levelOf(loaded, 'latency.p95'),
    // Short trials know no p99; what is planted for it is then a share of p95.
    p99Ms: levelOf(loaded, knows(loaded, 'latency.p99') ? 'latency.p99' : 'latency.p95'),
    queriesPerRequest: levelOf(loaded, 'db.queriesPerRequest'),
  };
  const invalid = [unloaded, loaded]
    .flatMap(({ base, candidate }) => [base, candidate])
    .flatMap((trial) => [...trial.invalid, ...trial.timesInvalid]);
  if (invalid.length > 0)
    input.say(
      `the machine is too busy for this: ${[...new Set(invalid)].join('; ')}. What follows is worth nothing but a try; take away the series' file before recording in earnest`,
    );
  input.say(
    `unloaded p50 ${levels.unloadedP50Ms} ms; under the traffic p95 ${levels.p95Ms} ms, p99 ${levels.p99Ms} ms, ${levels.queriesPerRequest} queries per request`,
  );
  return levels;
}

async function onePair(input: Omit<TrialsInput, 'seed'>, settings: TrialSettings): Promise<TrialPair> {
  await using trials = await prepareTrials({ ...input, settings, seed: 999 });
  await using runner = await openPairs(trials.input);
  // Awaited here: the servers are stopped when the block is left.
  return await runner.runPair(0, 'noise');
}

function knows({ base, candidate }: TrialPair, measure: string): boolean {
  return [base, candidate].some(({ measures }) => (measures[measure] ?? null) !== null);
}

function levelOf({ base, candidate }: TrialPair, measure: string): number {
  const level = median([base, candidate].flatMap(({ measures }) => measures[measure] ?? []));
  if (level === null || level === 0)
    throw new HarnessError('SERVICE_FAILED', `${measure} of the example service is unknown: nothing can be planted`);
  return Number(level.toPrecision(4));
}
