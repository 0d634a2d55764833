/**
 * Decisions from recorded pairs: what would the gate have said, had these pairs come in this order? The rules and the
 * looks are the gate's own; only the servers are left out. Decisions drawn from the same pairs are not independent of
 * one another, so everything here carries the number of recorded pairs beside the number of decisions.
 */
import type { GateDecision, GateRules } from '../../harness/contract/gate.ts';
import type { Random } from '../../harness/contract/time.ts';
import type { TrialPair } from '../../harness/gate/pairs.ts';
import { runPairs } from '../../harness/gate/run-pairs.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { MOST_PAIRS } from '../../harness/stats/signed-rank.ts';
import { randomisedPValue } from '../../harness/stats/uniformity.ts';
import { asPair, type RecordedPair } from './recording.ts';

/** What a gate on this series would be: its rules, its decision over the pairs so far, its time. */
export interface Gate {
  rules: GateRules;
  decide(pairs: readonly TrialPair[], timeIsUp: boolean): GateDecision;
  /** Pairs of the base with itself that it runs before it judges. */
  noisePairs: number;
  budgetMs: number;
}

/** One decision: when it fell, and what it named. */
export interface Decided {
  status: 'pass' | 'regressed' | 'undecided';
  /** Judged pairs. */
  pairs: number;
  /** Of all pairs, those that measured the noise included; starting the servers is not in it. */
  seconds: number;
  /** Ids of the measures found regressed. */
  regressed: string[];
  /** Ids of the measures that stayed undecided, and of guards that did not hold. */
  open: string[];
}

/** Pairs in the order in which the gate gets them. When they have run out, because some are invalid, they begin again. */
export interface Drawn {
  judged: readonly RecordedPair[];
  /** For each, whether base and candidate change places; none do where not given. */
  swapped?: readonly boolean[];
  /** Of the base with itself. */
  noise: readonly RecordedPair[];
}

/**
 * Runs the gate's own loop over recorded pairs, with a clock that each pair moves on by the time it took.
 *
 * @throws RangeError for fewer pairs than the last look needs
 */
export async function decideOnce({ judged, swapped = [], noise }: Drawn, gate: Gate): Promise<Decided> {
  if (judged.length < gate.rules.lastLook) throw new RangeError(`${judged.length} pairs of ${gate.rules.lastLook}`);
  const noisePairs = noise.length === 0 ? 0 : gate.noisePairs;
  const seen: TrialPair[] = [];
  let nowMs = 0;
  const outcome = await runPairs({
    runPair: (index, purpose) => {
      const from = purpose === 'noise' ? noise : judged;
      const pair = from[index % from.length]!;
      nowMs += pair.seconds * 1000;
      const swap = purpose === 'judge' && (swapped[index % from.length] ?? false);
      const made = asPair(pair, index, swap, purpose);
      if (purpose === 'noise') seen.push(made);
      return Promise.resolve(made);
    },
    decide: (pairs, timeIsUp) => gate.decide([...seen, ...pairs], timeIsUp),
    noisePairs,
    budgetMs: gate.budgetMs,
    expectedPairMs: judged[0]!.seconds * 1000,
    clock: { nowMs: () => nowMs, sleep: () => Promise.resolve() },
    signal: NEVER,
    onProgress: () => {},
    onTrouble: () => {},
  });
  if (outcome.error !== null) throw outcome.error;
  const { status, measures, guards } = outcome.decision;
  return {
    status,
    pairs: outcome.pairs.length,
    seconds: nowMs / 1000,
    regressed: measures.filter(({ outcome }) => outcome === 'regressed').map(({ id }) => id),
    open: [
      ...measures.filter(({ outcome }) => outcome === 'undecided').map(({ id }) => id),
      ...guards.filter(({ ok }) => !ok).map(({ id }) => `guard ${id}`),
    ],
  };
}

const NEVER = new AbortController().signal;

export interface ResampleOptions {
  decisions: number;
  seed: number;
  /**
   * True exchanges base and candidate of each drawn pair with probability ½. Right where nothing was changed: the order
   * within a pair was drawn at random, so either side could as well have been the other.
   */
  flip: boolean;
  /** False draws without replacement, which needs clearly more pairs than a decision uses. */
  replace: boolean;
}

/**
 * Draws pairs at random and decides, again and again. The same seed gives the same decisions.
 *
 * @param same pairs of the base with itself, from which those are drawn that measure the noise; may be none
 * @throws RangeError where there are too few pairs to draw without replacement, or none
 */
export async function resample(
  recorded: readonly RecordedPair[],
  same: readonly RecordedPair[],
  gate: Gate,
  options: ResampleOptions,
): Promise<Decided[]> {
  if (recorded.length === 0) throw new RangeError('no pairs to draw from');
  const random = seededRandom(options.seed, `resample ${recorded[0]!.change}`);
  const draw = (from: readonly RecordedPair[], count: number): RecordedPair[] =>
    from.length === 0 ? [] : Array.from({ length: count }, () => from[Math.floor(random.next() * from.length)]!);
  const decided: Decided[] = [];
  while (decided.length < options.decisions) {
    // More than the last look needs: pairs that are invalid do not count towards it.
    const judged = options.replace ? draw(recorded, 2 * gate.rules.lastLook) : shuffled(recorded, random);
    const swapped = judged.map(() => options.flip && random.next() < 0.5);
    decided.push(await decideOnce({ judged, swapped, noise: draw(same, gate.noisePairs) }, gate));
  }
  return decided;
}

/**
 * Decisions over pairs in the order in which they were recorded, without exchange, each of pairs of its own: few, but as
 * independent as whole gates, and with the machine's drift in them. The first pairs of each measure the noise, and the
 * next decision begins behind the pairs that this one took. The last may have too few left, and is left out.
 */
export async function inRecordedOrder(recorded: readonly RecordedPair[], gate: Gate): Promise<Decided[]> {
  const { noisePairs, rules } = gate;
  const found: Decided[] = [];
  for (let from = 0; from + noisePairs + rules.lastLook <= recorded.length;) {
    const judged = recorded.slice(from + noisePairs);
    const decided = await decideOnce({ judged, noise: recorded.slice(from, from + noisePairs) }, gate);
    if (decided.pairs > judged.length) break;
    found.push(decided);
    from += noisePairs + decided.pairs;
  }
  return found;
}

/**
 * p-values of each measure from blocks of pairs that share none, as recorded. A signed-rank test has few possible
 * p-values, so that of a block is spread at random over the step it stands on: under no change the result is exactly
 * uniform (the randomised p-value; Lehmann and Romano, Testing Statistical Hypotheses, 3.3). The upper end of the
 * step is the block's p-value, the lower end 1 minus that of the block with its sides exchanged.
 *
 * @param size pairs of a block
 * @returns by measure id; measures without a p-value in any block are left out
 */
export function blockPValues(
  recorded: readonly RecordedPair[],
  size: number,
  { decide }: Gate,
  seed: number,
): Map<string, number[]> {
  const random = seededRandom(seed, 'p-values');
  const found = new Map<string, number[]>();
  for (let from = 0; from + size <= recorded.length; from += size) {
    const block = recorded.slice(from, from + size);
    const worse = pValues(decide(asPairs(block, false), true));
    const better = pValues(decide(asPairs(block, true), true));
    for (const [id, high] of worse) {
      const other = better.get(id);
      if (other === undefined) continue;
      // Held in [0, 1] against what arithmetic leaves.
      const drawn = randomisedPValue({ above: Math.max(0, 1 - other), atLeast: high }, random.next());
      found.set(id, [...(found.get(id) ?? []), Math.min(1, drawn)]);
    }
  }
  return found;
}

/** All pairs as one decision, for effects and spreads; the newest where there are more than the exact test takes. */
export function overAll(recorded: readonly RecordedPair[], { decide }: Gate): GateDecision {
  return decide(asPairs(recorded.slice(-MOST_PAIRS), false), true);
}

function asPairs(recorded: readonly RecordedPair[], swapped: boolean): TrialPair[] {
  return recorded.map((pair, i) => asPair(pair, i, swapped));
}

function pValues(decision: GateDecision): Map<string, number> {
  return new Map(
    decision.measures.flatMap(({ id, pValue }) => (pValue === null ? [] : [[id, pValue] as [string, number]])),
  );
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}
