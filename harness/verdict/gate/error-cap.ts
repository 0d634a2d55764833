/**
 * A bound on errors that needs no test of sizes: a candidate that fails many requests where the base fails hardly any is
 * worse, and what it gains in latency by failing is no gain.
 */
import { median } from '../../stats/quantile.ts';
import type { ScopedGuard } from './conclude.ts';

/** Errors beyond this, in % of the requests, are too many where the base has at most half as many. */
const MOST_ERRORS_PERCENT = 1;

/** Trials of a side that its share of errors is believed from. */
const FEWEST_TRIALS = 4;

/**
 * Holds the median share of errors of each side against the cap.
 *
 * @param base errors of each trial, in % of its requests
 * @param candidate likewise
 * @returns a fault in words where the candidate alone is beyond it, a note where the base is beyond it too
 */
export function judgeErrorCap(
  base: readonly number[],
  candidate: readonly number[],
): { regressed: string[]; guards: ScopedGuard[] } {
  const none = { regressed: [], guards: [] };
  if (base.length < FEWEST_TRIALS || candidate.length < FEWEST_TRIALS) return none;
  const [ofBase, ofCandidate] = [median(base)!, median(candidate)!];
  if (ofCandidate <= MOST_ERRORS_PERCENT) return none;
  const shares = `${told(ofCandidate)} of the candidate's requests fail, and ${told(ofBase)} of the base's`;
  if (ofBase <= MOST_ERRORS_PERCENT / 2)
    return { regressed: [`${shares}; at most ${MOST_ERRORS_PERCENT} % may`], guards: [] };
  const message = `${shares}: latencies are those of a service that fails`;
  return { regressed: [], guards: [{ id: 'error-cap', ok: true, forbids: 'pass', message }] };
}

function told(percent: number): string {
  return `${Number(percent.toPrecision(3))} %`;
}
