/** When the loop of a gate ends, in virtual time and with pairs that take as long as they are told to. */
import { expect, test } from 'vitest';
import { HarnessError } from '../contract/errors.ts';
import type { GateDecision, SideName, Trial } from '../contract/gate.ts';
import { createVirtualClock } from '../kit/virtual-clock.ts';
import type { TrialPair } from './pairs.ts';
import { type PairsLoop, type PairsOutcome, runPairs } from './run-pairs.ts';
import { TrialFailure } from './trial.ts';

const PAIR_MS = 20_000;

function trialOf(side: SideName, pair: number, purpose: Trial['purpose']): Trial {
  return {
    side,
    pair,
    purpose,
    position: 0,
    startedAt: '',
    durationMs: PAIR_MS / 2,
    seed: 1,
    requests: 1,
    measures: {},
    latencyMs: [],
    invalid: [],
    timesInvalid: [],
    failedChecks: [],
    generatorLagP99Ms: null,
    stolenCpuShare: null,
  };
}

const decision = (status: GateDecision['status']): GateDecision => ({
  status,
  measures: [],
  guards: [],
  sentence: status,
  explanation: '',
});

interface Run {
  outcome: PairsOutcome;
  ran: string[];
  tookMs: number;
  told: string[];
}

async function loop(
  change: Partial<PairsLoop> & { fail?: (attempt: number) => Error | null; abortAt?: number } = {},
): Promise<Run> {
  const clock = createVirtualClock();
  const ran: string[] = [];
  const told: string[] = [];
  const abort = new AbortController();
  const { fail, abortAt, ...rest } = change;
  const outcome = await clock.finish(
    runPairs({
      runPair: async (pair, purpose): Promise<TrialPair> => {
        ran.push(`${purpose} ${pair}`);
        await clock.sleep(PAIR_MS);
        if (ran.length === abortAt) abort.abort();
        if (abort.signal.aborted) throw new HarnessError('INTERRUPTED', 'interrupted');
        const error = fail?.(ran.length);
        if (error) throw error;
        return { base: trialOf('base', pair, purpose), candidate: trialOf('candidate', pair, purpose) };
      },
      decide: (pairs, timeIsUp) =>
        decision(
          pairs.filter(({ base }) => base.purpose === 'judge').length >= 12
            ? 'pass'
            : timeIsUp
              ? 'undecided'
              : 'continue',
        ),
      noisePairs: 2,
      budgetMs: 600_000,
      expectedPairMs: PAIR_MS,
      clock,
      signal: abort.signal,
      onProgress: () => {},
      onTrouble: (line) => told.push(line),
      ...rest,
    }),
  );
  return { outcome, ran, tookMs: clock.nowMs(), told };
}

const ofService = (side: SideName): TrialFailure =>
  new TrialFailure(side, 'start', new HarnessError('SERVICE_FAILED', `${side} broke\nlast words`));

test('noise first, then pairs until the decision is clear, and no more', async () => {
  const { outcome, ran, tookMs } = await loop();
  expect(ran.slice(0, 3)).toEqual(['noise 0', 'noise 1', 'judge 0']);
  expect(outcome.decision.status).toBe('pass');
  expect([outcome.noise.length, outcome.pairs.length]).toEqual([2, 12]);
  expect(tookMs).toBe(14 * PAIR_MS);
});

test('no pair is begun that would end after the budget', async () => {
  const { outcome, ran, tookMs } = await loop({ budgetMs: 6.5 * PAIR_MS });
  expect(ran).toHaveLength(6);
  expect(tookMs).toBeLessThanOrEqual(6.5 * PAIR_MS);
  expect(outcome).toMatchObject({ decision: { status: 'undecided' }, interrupted: false, error: null });
});

test('the pairs that were, and not the guess, tell how long the next will take', async () => {
  expect((await loop({ budgetMs: 10 * PAIR_MS, expectedPairMs: 1 })).ran).toHaveLength(10);
  expect((await loop({ budgetMs: 3 * PAIR_MS, expectedPairMs: 2.5 * PAIR_MS })).ran).toHaveLength(3);
});

test('a budget that is too short for one pair leaves the decision to what there is: nothing', async () => {
  const { outcome, ran } = await loop({ budgetMs: PAIR_MS - 1 });
  expect(ran).toEqual([]);
  expect(outcome.decision.status).toBe('undecided');
});

test('a machine that is too noisy is told before any pair is judged', async () => {
  const { outcome, ran } = await loop({ decide: () => decision('undecided') });
  expect(ran).toEqual(['noise 0', 'noise 1']);
  expect(outcome.decision.status).toBe('undecided');
});

test('an interrupted gate is partial and never green, even where it would have passed', async () => {
  const { outcome } = await loop({ abortAt: 5, decide: (_, timeIsUp) => decision(timeIsUp ? 'pass' : 'continue') });
  expect(outcome).toMatchObject({ interrupted: true, decision: { status: 'undecided' } });
  expect(outcome.pairs).toHaveLength(2);
});

test('a service that stumbles once is given the same pair again', async () => {
  const { outcome, ran, told } = await loop({ fail: (attempt) => (attempt === 4 ? ofService('candidate') : null) });
  expect(ran.slice(2, 6)).toEqual(['judge 0', 'judge 1', 'judge 1', 'judge 2']);
  expect(told).toEqual(['candidate: candidate broke; running the pair again']);
  expect(outcome).toMatchObject({ failure: null, decision: { status: 'pass' } });
});

test('a candidate that fails twice in a row has regressed', async () => {
  const { outcome, ran } = await loop({ fail: (attempt) => (attempt > 2 ? ofService('candidate') : null) });
  expect(ran).toEqual(['noise 0', 'noise 1', 'judge 0', 'judge 0']);
  expect(outcome.failure?.side).toBe('candidate');
  expect(outcome.decision).toMatchObject({ status: 'regressed', sentence: 'the candidate does not start' });
  expect(outcome.decision.guards).toMatchObject([{ id: 'candidate-starts', ok: false }]);
});

test('a base that fails says nothing of the candidate, also where it stands for both', async () => {
  const { outcome } = await loop({ fail: () => ofService('candidate') });
  expect(outcome.noise).toEqual([]);
  expect(outcome.decision).toMatchObject({ status: 'undecided', sentence: 'the base does not start' });
});

test('sides that fail by turns end it too', async () => {
  const { outcome, ran } = await loop({
    noisePairs: 0,
    fail: (attempt) => ofService(attempt % 2 === 0 ? 'base' : 'candidate'),
  });
  expect(ran).toHaveLength(5);
  expect(outcome.decision.status).toBe('regressed');
});

test('trouble that is of neither side ends it with what there is, undecided', async () => {
  const trouble = new HarnessError('REDIS_FAILED', 'gone');
  const { outcome } = await loop({ fail: (attempt) => (attempt === 6 ? trouble : null) });
  expect(outcome.error).toBe(trouble);
  expect(outcome.pairs).toHaveLength(3);
  expect(outcome.decision.status).toBe('undecided');
});
