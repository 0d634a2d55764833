/**
 * Checks that failed: wrong answers, oversold stock, a service that ended. Such a fault needs no test of sizes, but a
 * check that fails now and then whatever the change must not be laid to the change either; so how many trials it takes
 * follows from the chance that a flaky check fails that often on one side and never on the other.
 */
import type { Trial } from '../../contract/gate.ts';
import { binomialAtLeast } from '../../stats/clopper-pearson.ts';
import { counted } from '../wording.ts';
import type { ScopedGuard } from './conclude.ts';

export interface FaultVerdict {
  /** Definite: the candidate has broken something. */
  regressed: string[];
  guards: ScopedGuard[];
}

/**
 * The highest chance, over all rates at which a check may fail, that it fails in at least so many of the candidate's
 * trials and in none of the base's although nothing has changed. 5 of 24 against 0 of 24: 0.7 %.
 */
export function chanceOfFlake(failed: number, candidateTrials: number, baseTrials: number): number {
  let most = 0;
  for (let rate = 0.005; rate < 1; rate += 0.005)
    most = Math.max(most, (1 - rate) ** baseTrials * binomialAtLeast(failed, candidateTrials, rate));
  return most;
}

/**
 * Judges failed checks. Regressed: the base never fails the check and the candidate does so too often for chance; a
 * base that fails a check on its own is no ground to compare with; both failing is no change.
 *
 * @param baseTrials trials of the base; against a baseline how many it was accepted from, all of them sound
 * @param alpha chance of a false alarm
 * @param atLook between looks only a check that fails in every trial of the candidate ends the gate early
 */
export function judgeFaults(
  base: readonly Trial[],
  candidate: readonly Trial[],
  baseTrials: number,
  alpha: number,
  atLook: boolean,
): FaultVerdict {
  const verdict: FaultVerdict = { regressed: [], guards: [] };
  const ids = new Set([...base, ...candidate].flatMap((trial) => trial.failedChecks));
  for (const id of ids) {
    const count = (trials: readonly Trial[]): number => trials.filter((t) => t.failedChecks.includes(id)).length;
    const [ofBase, ofCandidate] = [count(base), count(candidate)];
    const text = `check ${id} failed in ${ofCandidate} of ${counted(candidate.length, 'trial')} of the candidate and in ${ofBase} of ${counted(baseTrials, 'trial')} of the base`;
    const always = ofCandidate === candidate.length;
    const chance = chanceOfFlake(ofCandidate, candidate.length, baseTrials);
    if (ofBase === 0 && chance <= alpha && (atLook || always)) verdict.regressed.push(text);
    else if (ofBase > 0 && ofCandidate > 0 && !outOfBalance(ofCandidate, ofBase, alpha))
      verdict.guards.push({
        id: 'failed-checks',
        ok: true,
        forbids: 'pass',
        message: `${text}: no change that could be shown`,
      });
    else if (atLook && ofBase > 0 && ofCandidate > ofBase) verdict.regressed.push(text);
    else
      verdict.guards.push({
        id: 'failed-checks',
        ok: false,
        forbids: 'pass',
        message: ofBase > 0 ? `${text}: not comparable` : `${text}: too few to tell a fault from chance`,
      });
  }
  if (ids.size === 0)
    verdict.guards.push({ id: 'failed-checks', ok: true, forbids: 'pass', message: 'no check failed on either side' });
  return verdict;
}

/** Whether the failures of two sides with as many trials are further from even than chance brings them. */
function outOfBalance(a: number, b: number, alpha: number): boolean {
  return 2 * binomialAtLeast(Math.max(a, b), a + b, 0.5) <= alpha;
}
