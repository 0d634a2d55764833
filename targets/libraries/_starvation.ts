/**
 * How long this process waited for a core. A command that times out because the machine is busy looks like a library
 * that does something badly, so a case that was starved is marked and no finding is made of it.
 */
import { readFileSync } from 'node:fs';

/**
 * Waiting for longer than this in all, ms, makes facts doubtful: where loads and callers are counted, half of the time
 * limit of a Redis command; where it is about time, a second.
 */
export const STARVED_LIMIT_MS = { counts: 2500, times: 1000 };

/** True where the machine was too busy for these facts; false where it was not, or does not tell. */
export function isStarved(starvedMs: number | null, about: keyof typeof STARVED_LIMIT_MS): boolean {
  return starvedMs !== null && starvedMs > STARVED_LIMIT_MS[about];
}

/** Time that the main thread has waited for a core so far, ms; null where the system does not tell (not Linux). */
export function waitedForCoreMs(): number | null {
  try {
    const nanoseconds = Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[1]);
    return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 : null;
  } catch {
    return null;
  }
}

/** What was waited since `beforeMs`; null where either is unknown. */
export function starvedSince(beforeMs: number | null): number | null {
  const nowMs = waitedForCoreMs();
  return nowMs === null || beforeMs === null ? null : Math.round(nowMs - beforeMs);
}

/** The most of several processes; null where none is known. */
export function mostStarved(all: readonly (number | null)[]): number | null {
  const known = all.filter((one) => one !== null);
  return known.length === 0 ? null : Math.max(...known);
}
