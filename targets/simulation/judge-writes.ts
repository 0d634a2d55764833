/**
 * What must hold of writes: none that was acknowledged is lost beyond the stated bound, rows only grow, a repetition
 * changes nothing, only what fails for good is put aside, and who is told later is told within a bound.
 */
import type { History } from '../../harness/simulate/history.ts';
import type { Violation } from '../../harness/simulate/invariants.ts';
import type { Burial, WriteNotes } from './write-world.ts';

/** A write that was acknowledged to its user. */
export interface Acknowledged {
  writeId: string;
  key: string;
  version: number;
  atMs: number;
}

interface WritePromises {
  /** Acknowledged writes that may be missing for each time the cache lost its memory. */
  lossBound: number;
  /** Deliveries before a message may be put aside. */
  maxDeliveries: number;
  refuses(writeId: string): boolean;
}

interface WriteEvidence {
  history: History;
  notes: WriteNotes;
  acknowledged: readonly Acknowledged[];
  /** Messages that are still queued after everybody has closed. */
  left: number;
}

export function judgeWrites(evidence: WriteEvidence, promises: WritePromises): Violation[] {
  return [...judgeLosses(evidence, promises), ...judgeRows(evidence), ...judgeQueue(evidence, promises)];
}

/** An acknowledged write is in the database or among the dead letters, and no other has its version. */
function judgeLosses({ notes, acknowledged }: WriteEvidence, { lossBound }: WritePromises): Violation[] {
  const buried = new Set(notes.burials.map(({ writeId }) => writeId));
  const told = new Set<string>();
  const lost = acknowledged.filter(({ writeId, key, version }) => {
    if (!notes.stored.has(writeId)) return !buried.has(writeId);
    const name = `${key} ${version}`;
    // Of two that were stored with one version only one is there.
    const twice = told.has(name);
    told.add(name);
    return twice;
  });
  const most = notes.forgotten.length * lossBound;
  return lost.slice(most).map(({ writeId, key, version, atMs }) => ({
    invariant: 'no acknowledged write is lost',
    message: `${writeId} was told that ${key} is at version ${version}; ${lost.length} are lost, at most ${most} may be`,
    atMs,
  }));
}

/** In the order of their versions, each once, and in the end nothing that was stored is missing. */
function judgeRows({ history, notes, acknowledged }: WriteEvidence): Violation[] {
  const violations: Violation[] = [];
  const newest = new Map<string, number>();
  for (const { key, version, atMs } of history.commits) {
    if (version <= (newest.get(key) ?? 1)) {
      const message = `${key} went from version ${newest.get(key)} to ${version}`;
      violations.push({ invariant: 'rows are stored in the order of their versions', message, atMs });
    }
    newest.set(key, version);
  }
  for (const { writeId, key, version, atMs } of acknowledged)
    if (notes.stored.has(writeId) && (newest.get(key) ?? 1) < version)
      violations.push({
        invariant: 'in the end a row has the newest version that was stored',
        message: `${key} is at version ${newest.get(key) ?? 1}, and ${writeId} was stored with ${version}`,
        atMs,
      });
  return violations;
}

function judgeQueue({ notes, left }: WriteEvidence, promises: WritePromises): Violation[] {
  const violations: Violation[] = [];
  const wrong = ({ writeId, deliveries }: Burial): boolean =>
    deliveries < promises.maxDeliveries || !promises.refuses(writeId);
  for (const burial of notes.burials.filter(wrong))
    violations.push({
      invariant: 'only what fails for good is put aside, and not before its last delivery',
      message: `${burial.writeId} was put aside at delivery ${burial.deliveries}`,
      atMs: burial.atMs,
    });
  if (notes.longest > Math.max(promises.lossBound, 0))
    violations.push({
      invariant: 'no more writes wait than may be lost',
      message: `${notes.longest} waited`,
      atMs: 0,
    });
  if (left > 0)
    violations.push({ invariant: 'in the end the queue is empty', message: `${left} messages are left`, atMs: 0 });
  return violations;
}

interface LagPromises {
  /** TTL of cached values. */
  ttlMs: number;
  /** When the messages of a dead listener are taken over. */
  takeOverMs: number;
  /** How long a dead process is away. */
  restartMs: number;
  /** A process that dies between a commit and its event has told nobody. */
  mayLoseEvents: boolean;
}

/** Readers are behind by the lag of a listener, and never by more than the TTL where an event was lost. */
export function judgeLag(history: History, promises: LagPromises): Violation[] {
  const { ttlMs, takeOverMs, restartMs, mayLoseEvents } = promises;
  const { commits, deletes, crashes, longestDelayMs, queries } = history;
  const violations: Violation[] = [];
  const longestQueryMs = queries.reduce((most, query) => Math.max(most, query.endedAtMs - query.askedAtMs), 0);
  const slackMs = 20 + 12 * longestDelayMs;
  for (const { key, version, atMs } of commits) {
    const told = deletes.find((one) => one.key === key && (one.version ?? 0) >= version);
    const readsAfter = (fromMs: number): History['reads'] =>
      history.reads.filter(
        (read) => read.key === key && read.answer?.value && read.startedAtMs > fromMs && read.answer.version < version,
      );
    // Neither a listener nor an event gets through an outage; what is left of it is taken over as after a death.
    const away = history.outages.length;
    const awayMs = history.outages.reduce(
      (sum, { fromMs, untilMs }) => sum + untilMs - fromMs + 2 * history.timeoutMs,
      0,
    );
    const deaths = away + crashes.filter((crash) => told === undefined || crash.atMs <= told.atMs).length;
    const lagMs = slackMs + awayMs + deaths * (takeOverMs + restartMs + slackMs);
    if (told === undefined ? !mayLoseEvents || deaths === 0 : told.atMs - atMs > lagMs)
      violations.push({
        invariant: 'the cache is told of each change within the lag of a listener',
        message: `version ${version} of ${key}: ${told ? `${(told.atMs - atMs).toFixed(1)} ms later, at most ${lagMs.toFixed(1)}` : 'never'}`,
        atMs,
      });
    // A cache that has lost its memory has lost the mark as well.
    const kept = told && !history.outages.some(({ losesMemory, untilMs }) => losesMemory && untilMs >= told.atMs);
    for (const read of kept ? readsAfter(told.atMs) : [])
      violations.push({
        invariant: 'after the event nothing older is served',
        message: `${read.process} read version ${read.answer!.version} of ${key} after the event of ${version}`,
        atMs: read.endedAtMs,
      });
    // Filled by a load that began before the commit, and then served for its whole TTL.
    for (const read of readsAfter(atMs + ttlMs + longestQueryMs + 2 * longestDelayMs + awayMs))
      violations.push({
        invariant: 'nobody is behind by more than the TTL',
        message: `${read.process} read version ${read.answer!.version} of ${key} ${(read.startedAtMs - atMs).toFixed(1)} ms after ${version}`,
        atMs: read.endedAtMs,
      });
  }
  return violations;
}
