/**
 * Evaluates the defence's formula again with the rate and the recompute time as they were measured. The database
 * takes a little longer than the plan's δ says, and a formula that is fed with the wish would blame the defence.
 */
import type { Defence } from '../contract/defence.ts';
import type { Prediction } from '../contract/plan.ts';
import type { Evidence } from '../contract/verdict.ts';
import { predictFor } from '../plan/predict.ts';
import { median } from '../stats/quantile.ts';
import { hotKeyLoads, rebuildEpisodes } from '../verdict/expiries.ts';
import { injectedFaults } from '../verdict/phases.ts';

/** The prediction with measured λ and δ; the plan's own where too little was seen. */
export function predictAsMeasured(evidence: Evidence, defences: ReadonlyMap<string, Defence>): Prediction | null {
  const { plan } = evidence;
  if (plan.prediction === null || plan.hotKey === null) return plan.prediction;
  const recomputeSec = firstFillSec(evidence);
  const offered = evidence.load.slots.offered.reduce((sum, count) => sum + count, 0);
  const seconds = (evidence.measuredToMs - evidence.measuredFromMs) / 1000;
  if (recomputeSec === null || offered === 0 || seconds <= 0) return plan.prediction;
  const planned = plan.load.segments.find((s) => s.recorded)!.fromRatePerSec;
  const ratePerSec = (plan.prediction.ratePerSec * offered) / seconds / planned;
  return predictFor(plan, defences, { ratePerSec, recomputeSec }) ?? plan.prediction;
}

/** Median time from a rebuild's first load to its first stored value: the δ in which others may load as well. */
function firstFillSec(evidence: Evidence): number | null {
  const loads = hotKeyLoads(evidence);
  const faults = injectedFaults(evidence);
  const times: number[] = [];
  for (const episode of rebuildEpisodes(loads)) {
    const filled = loads.filter(
      (l) => l.startedAtMs >= episode.startedAtMs && l.startedAtMs < episode.endedAtMs && l.ok && l.filled,
    );
    const endedAtMs = Math.min(...filled.map((l) => l.endedAtMs));
    const underFault = faults.some((f) => episode.startedAtMs <= f.healedAtMs && endedAtMs >= f.injectedAtMs);
    if (Number.isFinite(endedAtMs) && !underFault) times.push(endedAtMs - episode.startedAtMs);
  }
  const middleMs = median(times);
  return middleMs === null ? null : middleMs / 1000;
}
