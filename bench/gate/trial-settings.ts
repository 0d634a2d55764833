/**
 * The traffic of the validation, the same for both designs so that they can be compared: steady reads of a catalogue
 * that does not fit under the TTL, far below saturation.
 */
import type { PairDesign } from '../../harness/contract/gate.ts';
import { QUERY_MS } from './changes.ts';
import type { TrialSettings } from './recording.ts';

/**
 * A minute holds about four duet pairs, and twelve of them fit into three minutes with the servers' start: the median
 * pass has five. The rate is for both sides of a duet together, and leaves both cores idle most of the time: close to
 * saturation a queue would multiply every disturbance.
 */
export const DEFAULT_TRIAL = { durationSec: 10, warmUpSec: 2, ratePerSec: 400 } as const;

/**
 * Most reads hit, about one in six asks the database: p50 lies well inside the hits, p95 and p99 inside the misses, and
 * none on a cliff between them. The hot key expires twice a second while a dozen readers a second would pile up.
 */
const PARAMETERS = { keys: 51, hotShare: 0.7, ttlMs: 500, recomputeMs: QUERY_MS };

export function trialSettings(
  design: PairDesign,
  chosen: { duration?: number; warmUp?: number; rate?: number },
): TrialSettings {
  return {
    design,
    durationSec: chosen.duration ?? DEFAULT_TRIAL.durationSec,
    warmUpSec: chosen.warmUp ?? DEFAULT_TRIAL.warmUpSec,
    ratePerSec: chosen.rate ?? DEFAULT_TRIAL.ratePerSec,
    instances: 1,
    profile: 'hot-key',
    parameters: PARAMETERS,
  };
}
