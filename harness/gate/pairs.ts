/**
 * Pairs of trials, base and candidate under the same arrivals and keys. What disturbs a machine comes and goes over
 * seconds: trials that follow one another closely, in an order drawn at random, share most of it, and trials at the
 * same time share nearly all of it. Random order, or random places, make the difference of a pair symmetric where
 * nothing has changed, whatever the noise, and that is all that the test of the decision needs.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Environment,
  EnvironmentId,
  EnvironmentManifest,
  EnvironmentOptions,
  StartedStack,
} from '../contract/environment.ts';
import { HarnessError } from '../contract/errors.ts';
import type { PairDesign, SideName, Trial } from '../contract/gate.ts';
import type { Journal } from '../contract/journal.ts';
import type { LoadProgress } from '../contract/load.ts';
import type { ServerNeed } from '../contract/store-kind.ts';
import { seededRandom } from '../kit/random.ts';
import { type PairSide, type RunParts, runTrial, type TrialContext } from './trial.ts';
import { pairSeed } from './trial-plan.ts';

export interface PairsInput {
  environment: Environment;
  options: EnvironmentOptions;
  design: PairDesign;
  /** Seeds of the pairs, and the order or places within them, follow from it. */
  seed: number;
  base: PairSide;
  candidate: PairSide;
  parts: RunParts;
  /** What the stores of the plans need beside the one Redis and the one Postgres. */
  servers: readonly ServerNeed[];
  journal: Journal;
  /** For logs. */
  folder: string;
  runId: string;
  /** What was typed, redacted. */
  command: string;
  signal: AbortSignal;
  onStep(line: string): void;
  onLoad?: ((progress: LoadProgress) => void) | undefined;
}

/** The two trials of a pair. */
export interface TrialPair {
  base: Trial;
  candidate: Trial;
}

export interface PairRunner extends AsyncDisposable {
  /** Of the servers that the trials run on. */
  readonly manifest: EnvironmentManifest;
  /**
   * Runs one pair; with the purpose `noise` the base on both sides.
   *
   * @param pair its number, from 0; the same number gives the same traffic in the same order
   * @throws TrialFailure that names the side whose service failed; HarnessError INTERRUPTED, or of the surroundings
   */
  runPair(pair: number, purpose: Trial['purpose']): Promise<TrialPair>;
}

/** Share of the planned rate that each side of a pair gets: a duet shares the machine. */
export function rateShareOf(design: PairDesign): number {
  return design === 'duet' ? 0.5 : 1;
}

/**
 * How pairs are run where nobody said: both at once, which sees several times smaller changes in the same time (measured:
 * docs/gate-validation.md), if there can be two sets of servers.
 */
export function defaultDesign(environment: EnvironmentId): PairDesign {
  return hasOneSet(environment) ? 'alternating' : 'duet';
}

/** Servers, or a service, that run already are there once. */
function hasOneSet(environment: EnvironmentId): boolean {
  return environment === 'external' || environment === 'none';
}

/**
 * Starts the servers, one set for alternating pairs and two for duets. Leaving the block stops them.
 *
 * @throws HarnessError BAD_PLAN for duets on servers that are not ours, of which there is one set only
 */
export async function openPairs(input: PairsInput): Promise<PairRunner> {
  const stacks = await startStacks(input);
  const context = { parts: input.parts, journal: input.journal, command: input.command, onLoad: input.onLoad };
  const [first, second] = stacks as [StartedStack, StartedStack?];
  return {
    manifest: manifestOf(first, second !== undefined),
    runPair: async (pair, purpose) => {
      const sides = { base: input.base, candidate: purpose === 'noise' ? input.base : input.candidate };
      const seed = pairSeed(input.seed, purpose, pair);
      const candidateFirst = seededRandom(input.seed, `order:${purpose}:${pair}`).next() < 0.5;
      const order: [SideName, SideName] = candidateFirst ? ['candidate', 'base'] : ['base', 'candidate'];
      const job = (name: SideName) => ({ name, side: sides[name], pair, purpose, seed });
      const { runId, signal } = input;
      if (second === undefined) {
        const one = { ...context, stack: first, runId, signal };
        const earlier = await runTrial(one, { ...job(order[0]), position: 0, rateShare: 1 });
        const later = await runTrial(one, { ...job(order[1]), position: 1, rateShare: 1 });
        return order[0] === 'base' ? { base: earlier, candidate: later } : { base: later, candidate: earlier };
      }
      const places = { [order[0]]: first, [order[1]]: second } as Record<SideName, StartedStack>;
      return runDuet(input, (name, together, ownSignal) =>
        runTrial({ ...context, stack: places[name], runId, signal: ownSignal } satisfies TrialContext, {
          ...job(name),
          position: 0,
          rateShare: rateShareOf('duet'),
          together,
        }),
      );
    },
    [Symbol.asyncDispose]: () => disposeAll(stacks),
  };
}

/** Both at once. When one fails the other is ended too: alone, it would be another experiment. */
async function runDuet(
  input: PairsInput,
  run: (name: SideName, together: () => Promise<void>, signal: AbortSignal) => Promise<Trial>,
): Promise<TrialPair> {
  const failed = new AbortController();
  const signal = AbortSignal.any([input.signal, failed.signal]);
  const bothReady = Promise.withResolvers<void>();
  let ready = 0;
  const together = (): Promise<void> => {
    if (++ready === 2) bothReady.resolve();
    return bothReady.promise;
  };
  const guarded = async (name: SideName): Promise<Trial> => {
    try {
      return await run(name, together, signal);
    } catch (error) {
      failed.abort();
      bothReady.resolve();
      throw error;
    }
  };
  const [base, candidate] = await Promise.allSettled([guarded('base'), guarded('candidate')]);
  if (base.status === 'fulfilled' && candidate.status === 'fulfilled')
    return { base: base.value, candidate: candidate.value };
  const reasons = [base, candidate].flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
  // The one that was ended says only that it was.
  throw reasons.find((reason) => !(reason instanceof HarnessError && reason.code === 'INTERRUPTED')) ?? reasons[0];
}

async function startStacks(input: PairsInput): Promise<StartedStack[]> {
  const start = (runId: string, folder: string): Promise<StartedStack> => startTrialStack(input, runId, folder);
  if (input.design === 'alternating') return [await start(input.runId, input.folder)];
  if (hasOneSet(input.environment.id))
    throw new HarnessError(
      'BAD_PLAN',
      `a duet needs two sets of servers, and ${input.environment.id === 'none' ? 'a service that runs already is one' : '--env external has one'}`,
      { hint: 'use --design alternating' },
    );
  const outcomes = await Promise.allSettled(
    [1, 2].map((number) => start(`${input.runId}.${number}`, join(input.folder, `stack-${number}`))),
  );
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return started;
  await disposeAll(started);
  throw failed.reason;
}

/**
 * Starts one set of servers for trials.
 *
 * @param runId unique among those that are up at once
 */
export function startTrialStack(
  input: Pick<PairsInput, 'environment' | 'options' | 'seed' | 'servers' | 'journal' | 'signal' | 'onStep'> & {
    candidate: Pick<PairSide, 'plan'>;
  },
  runId: string,
  folder: string,
): Promise<StartedStack> {
  mkdirSync(folder, { recursive: true });
  const { options, servers, seed, journal, signal, onStep } = input;
  const { instances } = input.candidate.plan;
  return input.environment.start({
    runId,
    folder,
    options,
    instances,
    servers,
    seed,
    journal,
    signal,
    progress: onStep,
  });
}

async function disposeAll(stacks: readonly StartedStack[]): Promise<void> {
  const outcomes = await Promise.allSettled(stacks.map((stack) => stack[Symbol.asyncDispose]()));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

function manifestOf({ manifest }: StartedStack, duet: boolean): EnvironmentManifest {
  if (!duet) return manifest;
  const note =
    'Both sides of a pair ran at the same time, each on servers of its own of this kind and at half the rate.';
  return { ...manifest, notes: [...manifest.notes, note] };
}
