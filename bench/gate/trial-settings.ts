/**
 * The traffic of the validation, the same for both designs so that they can be compared: steady reads of a catalogue
 * that does not fit under the TTL.
 */
import type { PairDesign } from '../../harness/contract/gate.ts';
import { QUERY_MS } from './changes.ts';
import type { TrialSettings } from './recording.ts';

/**
 * Ten thousand requests in each trial, a hundred of them beyond the p99, as the gate wants them; and pairs of about 20
 * seconds, so that two that measure the noise and twelve that are judged fit into five minutes and 24 into ten. An
 * alternating trial has the whole rate and so takes half as long, twice. It is as much as two cores carry: the p50 is one
 * and a half to three times that of an idle service, and queues multiply every change and every disturbance. A series at
 * 400/s says what a gate sees where nothing queues, without a p99.
 */
export const DEFAULT_TRIAL = {
  duet: { durationSec: 16, warmUpSec: 1, ratePerSec: 1250 },
  alternating: { durationSec: 8, warmUpSec: 1, ratePerSec: 1250 },
} as const;

/**
 * Most reads hit and about one in four asks the database: p50 lies well inside the hits, p95 and p99 inside the misses,
 * and none on a cliff between them. The hot key expires twice a second while up to ten readers could pile up behind each
 * expiry; ten thousand comments make an index worth having.
 */
const PARAMETERS = { keys: 501, hotShare: 0.7, ttlMs: 500, recomputeMs: QUERY_MS };

export function trialSettings(
  design: PairDesign,
  chosen: { duration?: number | undefined; warmUp?: number | undefined; rate?: number | undefined },
): TrialSettings {
  return {
    design,
    durationSec: chosen.duration ?? DEFAULT_TRIAL[design].durationSec,
    warmUpSec: chosen.warmUp ?? DEFAULT_TRIAL[design].warmUpSec,
    ratePerSec: chosen.rate ?? DEFAULT_TRIAL[design].ratePerSec,
    instances: 1,
    profile: 'hot-key',
    parameters: PARAMETERS,
  };
}
