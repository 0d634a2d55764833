/**
 * Takes back what a dead run did to proxies. Its own proxies died with it; those of a Toxiproxy that is not ours
 * still stand, cut off or slow, and whoever uses them next would be hit by a fault that nobody remembers.
 */
import type { UndoStep } from '../contract/fault.ts';
import type { JournalEntry } from '../contract/journal.ts';
import { connectToxiproxy } from '../toxiproxy/control.ts';

const REQUEST_MS = 1000;

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/version', url), { signal: AbortSignal.timeout(REQUEST_MS) });
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}

/** A proxy or a toxic that is gone needs no undoing. */
function isGone(error: unknown): boolean {
  return error instanceof Error && /(?:proxy|toxic) not found/.test(error.message);
}

async function undo(step: UndoStep): Promise<boolean> {
  // Redis and helpers of a dead run are gone, and a Redis that is not ours is never restarted.
  if (step.do === 'restart-redis' || step.do === 'revive-helper' || !(await answers(step.toxiproxyUrl))) return false;
  const control = connectToxiproxy(step.toxiproxyUrl);
  try {
    if (step.do === 'enable-proxy') await control.setEnabled(step.proxy, true);
    else await control.removeToxic(step.proxy, step.toxic);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

/** Takes back faults that were injected and not healed. @returns how many steps were done */
export async function healLeftovers(entries: readonly JournalEntry[]): Promise<number> {
  const healed = new Set(entries.flatMap((entry) => (entry.kind === 'healed' ? [entry.id] : [])));
  let done = 0;
  for (const entry of entries.toReversed()) {
    if (entry.kind !== 'undo' || healed.has(entry.id)) continue;
    for (const step of entry.steps.toReversed()) if (await undo(step)) done += 1;
  }
  return done;
}

/** Removes proxies that the run created on a Toxiproxy that is not ours. @returns how many */
export async function removeProxies(entries: readonly JournalEntry[]): Promise<number> {
  let removed = 0;
  for (const entry of entries) {
    if (entry.kind !== 'proxy' || !(await answers(entry.toxiproxyUrl))) continue;
    try {
      await connectToxiproxy(entry.toxiproxyUrl).remove(entry.name);
      removed += 1;
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return removed;
}
