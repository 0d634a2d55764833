/**
 * Joins what readers were given with what was committed when: how old stale answers were, whether readers saw a key go
 * back, whether users missed their own writes, and what became of acknowledged writes. Pure functions over columns,
 * linear in the history but for sorting.
 */
import type { Coherence } from '../../contract/coherence.ts';
import type { VersionReads, WriteRecord } from '../../contract/load.ts';
import { quantile } from '../../stats/quantile.ts';

export interface StalenessInput {
  reads: VersionReads;
  /** Of the operation that writes items. */
  writes: readonly Pick<WriteRecord, 'id' | 'key' | 'user' | 'status' | 'endedMs' | 'version'>[];
  coherence: Coherence;
  /** What `sentMs` and `endedMs` count from, epoch ms. */
  measuredFromMs: number;
}

export interface Staleness {
  reads: number;
  /** Reads of a version that was superseded when they were sent. */
  stale: number;
  /** Of the stale reads: from the commit that superseded the version until the read was sent. */
  ageP50Ms: number | null;
  ageP99Ms: number | null;
  ageMaxMs: number | null;
  /** Reads that were given an older version than one that had been answered to somebody before they were sent. */
  wentBack: number;
  /** Reads that were given an older version than their user's last write that had been acknowledged before. */
  readYourWrites: number;
  /** Written keys of which some instance serves an older version than the row's, after all was quiet. */
  atEnd: number;
}

/** Reads whose age is within the uncertainty of the clocks are not called stale. */
export function stalenessOf({ reads, writes, coherence, measuredFromMs }: StalenessInput): Staleness {
  const { clockDifferenceMs, clockUncertaintyMs, history } = coherence;
  /** For each key versions with the time of their commit, on the clock of the reads, by version. */
  const commits = new Map<number, { version: number; atMs: number }[]>();
  for (const { key, version, committedAtMs } of history.versions)
    pushTo(commits, key, { version, atMs: committedAtMs - clockDifferenceMs - measuredFromMs });
  for (const list of commits.values()) {
    list.sort((a, b) => a.version - b.version);
    // A version is superseded by whichever newer one came first.
    for (let i = list.length - 2; i >= 0; i--) list[i]!.atMs = Math.min(list[i]!.atMs, list[i + 1]!.atMs);
  }
  const ages: number[] = [];
  reads.key.forEach((key, i) => {
    const next = firstAfter(commits.get(key) ?? [], reads.version[i]!);
    const ageMs = next === null ? 0 : reads.sentMs[i]! - next;
    if (ageMs > clockUncertaintyMs) ages.push(ageMs);
  });
  ages.sort((a, b) => a - b);
  return {
    reads: reads.key.length,
    stale: ages.length,
    ageP50Ms: ages.length > 0 ? quantile(ages, 0.5) : null,
    ageP99Ms: ages.length > 0 ? quantile(ages, 0.99) : null,
    ageMaxMs: ages.at(-1) ?? null,
    wentBack: countBelow(
      reads,
      ({ key }) => key,
      reads.key.map((key, i) => ({ group: key, version: reads.version[i]!, atMs: reads.endedMs[i]! })),
    ),
    readYourWrites: countBelow(
      reads,
      ({ key, user }) => `${key}/${user}`,
      writes.flatMap(({ key, user, status, endedMs, version }) =>
        status === 'acknowledged' && version !== undefined && endedMs !== undefined
          ? [{ group: `${key}/${user}`, version, atMs: endedMs }]
          : [],
      ),
    ),
    atEnd: new Set(coherence.atEnd.filter(({ served, row }) => served !== null && served < row).map(({ key }) => key))
      .size,
  };
}

/** Time of the first commit of a version above this one; null for none. `list` is sorted by version. */
function firstAfter(list: readonly { version: number; atMs: number }[], version: number): number | null {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]!.version > version) high = middle;
    else low = middle + 1;
  }
  return list[low]?.atMs ?? null;
}

/** Reads that were given less than the highest version known to their group when they were sent. */
function countBelow<G>(
  reads: VersionReads,
  groupOf: (read: { key: number; user: number }) => G,
  known: { group: G; version: number; atMs: number }[],
): number {
  const byTime = known.toSorted((a, b) => a.atMs - b.atMs);
  const order = reads.sentMs.map((_, i) => i).sort((a, b) => reads.sentMs[a]! - reads.sentMs[b]!);
  const highest = new Map<G, number>();
  let below = 0;
  let next = 0;
  for (const i of order) {
    for (; next < byTime.length && byTime[next]!.atMs < reads.sentMs[i]!; next++) {
      const { group, version } = byTime[next]!;
      if (version > (highest.get(group) ?? 0)) highest.set(group, version);
    }
    const group = groupOf({ key: reads.key[i]!, user: reads.user[i]! });
    if (reads.version[i]! < (highest.get(group) ?? 0)) below += 1;
  }
  return below;
}

function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

export interface WriteFigures {
  acknowledged: number;
  /** Acknowledged, and not in the history that the database keeps. */
  lost: string[];
  /** Acknowledged and missing, but so many writes are still queued that they may be among them. */
  queued: string[];
  /** In the history, but definitely refused or never sent. */
  unexpected: string[];
  /** Keys whose row is behind a version that is in the history. */
  overwritten: number[];
}

/** What became of writes whose answer the clients had. A timeout is unknown: such a write may be there or not. */
export function writeFiguresOf(
  writes: readonly Pick<WriteRecord, 'id' | 'status'>[],
  coherence: Coherence,
): WriteFigures {
  const { history, pending, deadLetters } = coherence;
  const stored = new Set(history.versions.map(({ writeId }) => writeId));
  const told = new Map(writes.map(({ id, status }) => [id, status]));
  const acknowledged = [...told].filter(([, status]) => status === 'acknowledged').map(([id]) => id);
  const missing = acknowledged.filter((id) => !stored.has(id));
  const rows = new Map(history.rows.map(({ key, version }) => [key, version]));
  const highest = new Map<number, number>();
  for (const { key, version } of history.versions) highest.set(key, Math.max(version, highest.get(key) ?? 0));
  const waiting = pending + deadLetters;
  return {
    acknowledged: acknowledged.length,
    lost: missing.slice(waiting),
    queued: missing.slice(0, waiting),
    unexpected: [...stored].filter((id) => id !== '' && told.get(id) === 'rejected'),
    overwritten: [...highest].filter(([key, version]) => (rows.get(key) ?? 1) < version).map(([key]) => key),
  };
}
