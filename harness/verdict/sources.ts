/**
 * Reads figures out of the evidence: from histograms by phase, from slots and sampled lines by time. All measures
 * read through here, so that a phase means the same stretch of time for each of them.
 */
import type { CacheOutcome } from '../contract/defence.ts';
import type { HistogramRecord } from '../contract/load.ts';
import { ERROR_OUTCOMES, type RequestOutcome } from '../contract/operation.ts';
import type { Evidence, PhaseBounds } from '../contract/verdict.ts';
import { type Histogram, mergeEncoded } from '../kit/histogram.ts';
import { type Line, meanWithin, valuesWithin } from '../stats/windows.ts';

/** Merging takes milliseconds and a dozen measures ask for the same one. */
const merged = new WeakMap<Evidence, Map<string, Histogram>>();

/** The latency histogram of a phase over all operations and outcomes. */
export function latencyOf(evidence: Evidence, phase: PhaseBounds, clock: HistogramRecord['clock']): Histogram {
  const cache = merged.get(evidence) ?? new Map<string, Histogram>();
  merged.set(evidence, cache);
  const key = `${phase.name} ${clock}`;
  const known = cache.get(key);
  if (known) return known;
  const records = recordsOf(evidence, phase, clock);
  const histogram = mergeEncoded(records.map((record) => record.hdr));
  cache.set(key, histogram);
  return histogram;
}

function recordsOf(evidence: Evidence, phase: PhaseBounds, clock: HistogramRecord['clock']): HistogramRecord[] {
  return evidence.load.histograms.filter(
    (record) => record.clock === clock && (phase.name === 'run' || record.phase === phase.name),
  );
}

/** Requests of a phase that ended in one of the outcomes; all of them without a filter. */
export function countRequests(
  evidence: Evidence,
  phase: PhaseBounds,
  which: (outcome: RequestOutcome, cacheOutcome: CacheOutcome | null) => boolean = () => true,
): number {
  let count = 0;
  for (const record of recordsOf(evidence, phase, 'intended'))
    if (which(record.outcome, record.cacheOutcome)) count += record.count;
  return count;
}

export const isError = (outcome: RequestOutcome): boolean => ERROR_OUTCOMES.has(outcome);

/** `part / whole` in percent, null where the whole is nothing. */
export function percent(part: number, whole: number): number | null {
  return whole > 0 ? (100 * part) / whole : null;
}

type SlotCounts = 'offered' | 'sent' | 'dropped';

/**
 * Adds up a slot count over a phase. A slot that the phase's edge cuts counts with its share, and the last slot of
 * the run counts whole although the run may end inside it.
 */
export function sumSlots(evidence: Evidence, phase: PhaseBounds, field: SlotCounts): number {
  const { slots } = evidence.load;
  let sum = 0;
  slots[field].forEach((count, i) => {
    const { fromMs, toMs } = slotBounds(evidence, i);
    const overlapMs = Math.min(toMs, phase.toMs) - Math.max(fromMs, phase.fromMs);
    if (overlapMs > 0) sum += (count * overlapMs) / (toMs - fromMs);
  });
  return sum;
}

/** Start and end of a slot in ms from the start of the recorded part, the end not beyond the run's. */
export function slotBounds(evidence: Evidence, i: number): { fromMs: number; toMs: number } {
  const { startedAtMs, slotMs } = evidence.load.slots;
  const fromMs = startedAtMs + i * slotMs - evidence.measuredFromMs;
  return { fromMs, toMs: Math.min(fromMs + slotMs, evidence.measuredToMs - evidence.measuredFromMs) };
}

export function secondsOf(phase: PhaseBounds): number {
  return (phase.toMs - phase.fromMs) / 1000;
}

/** A sampled line of any probe, by id; null where no probe has it. */
export function lineOf(evidence: Evidence, id: string): Line | null {
  for (const probe of evidence.probes)
    for (const series of probe.series)
      if (series.id === id && series.values.some((value) => value !== null))
        return { times: series.tMs, values: series.values };
  return null;
}

/** The mean of a line over a phase, null where less than half of the phase was sampled. */
export function meanOf(evidence: Evidence, phase: PhaseBounds, id: string): number | null {
  const line = lineOf(evidence, id);
  if (!line) return null;
  return meanWithin(line, phase.fromMs, phase.toMs);
}

/**
 * What a counter grew by in a phase. Over the whole run the probe's own total is exact; over a part it is the mean of
 * the rate line times the seconds.
 */
export function growthOf(evidence: Evidence, phase: PhaseBounds, line: string, total: string): number | null {
  const exact = phase.name === 'run' ? totalOf(evidence, total) : null;
  if (exact !== null) return exact;
  const mean = meanOf(evidence, phase, line);
  return mean === null ? null : mean * secondsOf(phase);
}

/** The highest sample of a line in a phase. */
export function maxOf(evidence: Evidence, phase: PhaseBounds, id: string): number | null {
  const line = lineOf(evidence, id);
  if (!line) return null;
  const values = valuesWithin(line, phase.fromMs, phase.toMs);
  return values.length > 0 ? values.reduce((a, b) => Math.max(a, b)) : null;
}

/** A single figure of any probe. */
export function totalOf(evidence: Evidence, id: string): number | null {
  for (const probe of evidence.probes) {
    const value = probe.totals[id];
    if (value !== undefined && Number.isFinite(value)) return value;
  }
  return null;
}

/** Whether any load was reported: a target without load events says nothing about loads. */
export function reportsLoads(evidence: Evidence): boolean {
  return evidence.loads.length > 0;
}

/** Loads that began in a phase. */
export function loadsWithin(evidence: Evidence, phase: PhaseBounds): Evidence['loads'] {
  const fromMs = evidence.measuredFromMs + phase.fromMs;
  const toMs = evidence.measuredFromMs + phase.toMs;
  return evidence.loads.filter((load) => load.startedAtMs >= fromMs && load.startedAtMs < toMs);
}
