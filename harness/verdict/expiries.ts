/**
 * Counts how often the hot key was rebuilt and with how many database loads each time, from the loads as the service
 * reports them. Loads per expiry is the figure that every defence predicts, so the rules here are strict: only whole
 * rebuilds count, and only those that no fault has touched.
 */
import type { LoadEvent } from '../contract/defence.ts';
import type { Evidence, PhaseBounds } from '../contract/verdict.ts';
import { phasesOf } from './phases.ts';
import { recoveryOf } from './recovery.ts';

/** One rebuild of a key: all loads that were wanted before its first new value was there. */
export interface Episode {
  startedAtMs: number;
  /** When the first value was filled, with the grace; Infinity where none was. */
  endedAtMs: number;
  loads: number;
  longestLoadMs: number;
}

/**
 * A load that begins after the first one ended can still belong to the same rebuild: its reader looked into the store
 * before the fill arrived there. Between the end of a load and the last such start lie the fill's round trip, the
 * reader's own, and its wait for a database connection. 5 ms covers two round trips on one machine with a busy event
 * loop; slow loads mean a busy database, so a tenth of the load covers the wait. Both are far below any TTL in use,
 * hence the next expiry is never swallowed.
 */
function graceMs(load: LoadEvent): number {
  return Math.max(5, 0.1 * (load.endedAtMs - load.startedAtMs));
}

/**
 * Splits the loads of one key into rebuilds. A load that failed or whose value was not stored ends nothing: the key
 * is still gone, and the next load belongs to the same rebuild. So does one that a guard let wait until the value was
 * there. A deletion by a write counts like an expiry.
 *
 * @param loads of one key, by start; loads made because the store was away are not among them
 */
export function rebuildEpisodes(loads: readonly LoadEvent[]): Episode[] {
  const episodes: Episode[] = [];
  let current: Episode | null = null;
  for (const load of loads) {
    if (current === null || (load.wantedAtMs ?? load.startedAtMs) >= current.endedAtMs) {
      current = { startedAtMs: load.startedAtMs, endedAtMs: Infinity, loads: 0, longestLoadMs: 0 };
      episodes.push(current);
    }
    current.loads += 1;
    current.longestLoadMs = Math.max(current.longestLoadMs, load.endedAtMs - load.startedAtMs);
    if (load.ok && load.filled) current.endedAtMs = Math.min(current.endedAtMs, load.endedAtMs + graceMs(load));
  }
  return episodes;
}

export interface Expiries {
  loads: number;
  expiries: number;
  loadsPerExpiry: number;
}

/**
 * Expiries of the plan's hot key in a phase. The whole run is the time before the faults and, where the system came
 * back, the time from then on: what an overloaded database does is no expiry in normal operation. Left out are:
 * - a rebuild that the phase's edge cuts, and at the run's start one that may have begun before it was recorded;
 * - the first rebuild after a fault: the fault caused it (the value is gone, or outlived its TTL), not an expiry;
 * - loads made because the store was away (`bypass`).
 *
 * A cold first load therefore counts only where it is a whole rebuild in the recorded part before any fault.
 *
 * @returns null without a hot key, without load events, or where no whole rebuild was seen
 */
export function expiriesIn(evidence: Evidence, phase: PhaseBounds): Expiries | null {
  const loads = hotKeyLoads(evidence);
  if (loads.length === 0) return null;
  const all = rebuildEpisodes(loads);
  const parts = phase.name === 'run' ? normalTimes(evidence, phase) : [phase];
  const counted = parts.flatMap((part) => {
    const fromMs = evidence.measuredFromMs + part.fromMs;
    const toMs = evidence.measuredFromMs + part.toMs;
    const within = all.filter((episode) => episode.startedAtMs >= fromMs && episode.startedAtMs < toMs);
    const own = part.name === 'after' ? within.slice(1) : within;
    return own.filter((episode) => episode.endedAtMs <= toMs && !mayHaveBegunUnseen(episode, evidence));
  });
  if (counted.length === 0) return null;
  const loadCount = counted.reduce((sum, episode) => sum + episode.loads, 0);
  return { loads: loadCount, expiries: counted.length, loadsPerExpiry: loadCount / counted.length };
}

/** The run without faults and without what they left behind. */
function normalTimes(evidence: Evidence, run: PhaseBounds): PhaseBounds[] {
  const phases = phasesOf(evidence);
  if (phases.length === 1) return [run];
  const parts = phases.filter(({ name }) => name === 'before');
  const after = phases.find(({ name }) => name === 'after');
  const recoveredAtMs = recoveryOf(evidence).map((one) => one.recoveredAtMs);
  if (after === undefined || recoveredAtMs.includes(null)) return parts;
  const fromMs = Math.max(after.fromMs, ...recoveredAtMs.map((at) => at! - evidence.measuredFromMs));
  return [...parts, { ...after, fromMs }];
}

/** Within one load's length of the start, earlier loads of the same rebuild may lie before the recorded part. */
function mayHaveBegunUnseen(episode: Episode, evidence: Evidence): boolean {
  return episode.startedAtMs - evidence.measuredFromMs < episode.longestLoadMs;
}

/**
 * The loads of the hot key, by start. A target names its cache keys as it likes (`product:7`): the key's number is
 * the last number in the name. Where several names end in it, the one that was loaded most is meant.
 */
export function hotKeyLoads(evidence: Evidence): LoadEvent[] {
  const { hotKey } = evidence.plan;
  if (hotKey === null) return [];
  const byName = new Map<string, LoadEvent[]>();
  for (const load of evidence.loads) {
    if (load.cause === 'bypass' || lastNumberIn(load.key) !== hotKey.key) continue;
    const list = byName.get(load.key) ?? [];
    list.push(load);
    byName.set(load.key, list);
  }
  const busiest = [...byName.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
  return busiest.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
}

function lastNumberIn(key: string): number | null {
  const digits = /(\d+)\D*$/.exec(key)?.[1];
  return digits === undefined ? null : Number(digits);
}
