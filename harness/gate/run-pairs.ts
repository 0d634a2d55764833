/**
 * The loop of a gate: pairs that measure the noise, then pairs that are judged, until the decision is clear or the time
 * is up. It is handed what runs a pair and what decides, so that its own logic is tested in virtual time: when it
 * stops, what it makes of a service that does not start, and that an interrupted gate is never green.
 */
import type { GateDecision, GateGuard, SideName } from '../contract/gate.ts';
import type { Clock } from '../contract/time.ts';
import type { PairRunner, TrialPair } from './pairs.ts';
import { TrialFailure } from './trial.ts';

/** A service may stumble once; twice in a row is a finding. */
const FAILURES_IN_A_ROW = 2;
/** Sides that fail by turns end the gate too. */
const FAILURES_AT_MOST = 5;

export interface PairsProgress {
  noise: readonly TrialPair[];
  pairs: readonly TrialPair[];
  /** Mean of the pairs so far; what was expected before the first. */
  pairMs: number;
  leftMs: number;
  /** Where the decision stands; null before there is anything to decide on. */
  decision: GateDecision | null;
}

export interface PairsLoop {
  runPair: PairRunner['runPair'];
  /** @param pairs those for noise first, then those that are judged */
  decide(pairs: readonly TrialPair[], timeIsUp: boolean): GateDecision;
  noisePairs: number;
  budgetMs: number;
  /** How long a pair will take, as far as is known before the first. */
  expectedPairMs: number;
  clock: Clock;
  signal: AbortSignal;
  onProgress(progress: PairsProgress): void;
  /** Told of trials that are run again. */
  onTrouble(line: string): void;
}

export interface PairsOutcome {
  noise: TrialPair[];
  pairs: TrialPair[];
  decision: Omit<GateDecision, 'status'> & { status: 'pass' | 'regressed' | 'undecided' };
  interrupted: boolean;
  /** The side whose service failed again and again, which ended the gate; null where none did. */
  failure: TrialFailure | null;
  /** What else ended it; null where nothing did. Then the decision is no more than what was known. */
  error: unknown;
}

/** Never throws: what ended the loop is part of what it returns. */
export async function runPairs(loop: PairsLoop): Promise<PairsOutcome> {
  const { clock } = loop;
  const endMs = clock.nowMs() + loop.budgetMs;
  const noise: TrialPair[] = [];
  const pairs: TrialPair[] = [];
  let measuredMs = 0;
  let attempts = 0;
  const failures: { side: SideName; inARow: number; all: number } = { side: 'base', inARow: 0, all: 0 };
  const pairMs = (): number => (attempts === 0 ? loop.expectedPairMs : measuredMs / attempts);
  const isTimeUp = (): boolean => clock.nowMs() + pairMs() > endMs;
  const decide = (timeIsUp: boolean): GateDecision => loop.decide([...noise, ...pairs], timeIsUp);
  const end = (ended: Partial<PairsOutcome>): PairsOutcome => {
    const decision = decide(true);
    const { status } = decision;
    const stopped = ended.interrupted === true || (ended.error ?? null) !== null;
    return {
      noise,
      pairs,
      interrupted: false,
      failure: null,
      error: null,
      ...ended,
      decision: {
        ...decision,
        ...ended.decision,
        status: ended.decision?.status ?? (stopped || status === 'continue' ? 'undecided' : status),
      },
    };
  };

  for (;;) {
    const isNoise = noise.length < loop.noisePairs;
    const timeIsUp = isTimeUp();
    // Before anything is judged, the noise alone may be reason enough to stop.
    const decision = !isNoise && noise.length + pairs.length > 0 ? decide(timeIsUp) : null;
    loop.onProgress({ noise, pairs, pairMs: pairMs(), leftMs: endMs - clock.nowMs(), decision });
    if (decision !== null && decision.status !== 'continue')
      return end({ decision: { ...decision, status: decision.status } });
    if (loop.signal.aborted) return end({ interrupted: true });
    if (timeIsUp) return end({});

    const startedMs = clock.nowMs();
    try {
      const pair = await loop.runPair(isNoise ? noise.length : pairs.length, isNoise ? 'noise' : 'judge');
      (isNoise ? noise : pairs).push(pair);
      failures.inARow = 0;
      measuredMs += clock.nowMs() - startedMs;
      attempts += 1;
    } catch (error) {
      if (loop.signal.aborted) return end({ interrupted: true });
      if (!(error instanceof TrialFailure)) return end({ error });
      // A pair that measures noise has the base on both sides.
      const side = isNoise ? 'base' : error.side;
      failures.inARow = side === failures.side ? failures.inARow + 1 : 1;
      failures.side = side;
      failures.all += 1;
      if (failures.inARow >= FAILURES_IN_A_ROW || failures.all >= FAILURES_AT_MOST)
        return end({ failure: error, decision: failedDecision(side, error) });
      loop.onTrouble(`${side}: ${error.message.split('\n')[0]}; running the pair again`);
    }
  }
}

/** A candidate that does not run is worse than any that is slow; a base that does not run says nothing of the candidate. */
export function failedDecision(side: SideName, failure: TrialFailure): PairsOutcome['decision'] {
  const what = failure.when === 'start' ? 'does not start' : 'does not live through a trial';
  const guard: GateGuard = {
    id: `${side}-${failure.when === 'start' ? 'starts' : 'lives'}`,
    ok: false,
    message: failure.message,
  };
  return {
    status: side === 'candidate' ? 'regressed' : 'undecided',
    measures: [],
    guards: [guard],
    sentence: `the ${side} ${what}`,
    explanation: `It was tried again and failed again. ${failure.message}${failure.hint === undefined ? '' : ` (${failure.hint})`}`,
  };
}
