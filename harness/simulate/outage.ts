/**
 * Times in which a process does not reach the cache, in the three ways in which this happens: it is told so at once,
 * it is told nothing, or what it asked for is done and the answer never comes. The last is the hardest to get right:
 * whoever waits cannot know which of the two it was.
 */
export interface Outage {
  fromMs: number;
  untilMs: number;
  /** `refused`: fails at once; `silent`: nothing arrives; `answers lost`: all is done, and no answer comes back. */
  kind: 'refused' | 'silent' | 'answers lost';
  /** The instance whose way is cut; null where the cache itself is away. */
  instance: number | null;
  /** The cache comes back with nothing of what it held. */
  losesMemory?: boolean;
}

/** Those that an instance feels. */
export function outagesOf(outages: readonly Outage[], instance: number | null): readonly Outage[] {
  return outages.filter((outage) => outage.instance === null || outage.instance === instance);
}

export function outageAt(outages: readonly Outage[], atMs: number): Outage['kind'] | null {
  for (const { fromMs, untilMs, kind } of outages) if (atMs >= fromMs && atMs < untilMs) return kind;
  return null;
}
