import { expect, test } from 'vitest';
import type { Coherence } from '../../contract/coherence.ts';
import type { VersionReads, WriteRecord } from '../../contract/load.ts';
import { stalenessOf, writeFiguresOf } from './staleness-figures.ts';

const MEASURED_FROM_MS = 1_000_000;
/** The database's clock is ahead by this much. */
const AHEAD_MS = 500;

type Read = [key: number, version: number, sentMs: number, endedMs?: number, user?: number];
type Commit = [key: number, version: number, atMs: number, writeId?: string];

function readsOf(reads: readonly Read[]): VersionReads {
  return {
    key: reads.map(([key]) => key),
    version: reads.map(([, version]) => version),
    sentMs: reads.map(([, , sentMs]) => sentMs),
    endedMs: reads.map(([, , sentMs, endedMs]) => endedMs ?? sentMs + 5),
    user: reads.map(([, , , , user]) => user ?? 0),
    dropped: 0,
  };
}
function coherenceOf(commits: readonly Commit[], rest: Partial<Coherence> = {}): Coherence {
  const versions = commits.map(([key, version, atMs, writeId = `${key}-${version}`]) => ({
    key,
    version,
    writeId,
    committedAtMs: MEASURED_FROM_MS + atMs + AHEAD_MS,
  }));
  const newest = new Map<number, number>();
  for (const { key, version } of versions) newest.set(key, Math.max(version, newest.get(key) ?? 0));
  return {
    history: { versions, rows: [...newest].map(([key, version]) => ({ key, version })) },
    clockDifferenceMs: AHEAD_MS,
    clockUncertaintyMs: 1,
    atEnd: [],
    pending: 0,
    deadLetters: 0,
    lossBound: 0,
    lagP99Ms: null,
    ...rest,
  };
}
type Write = Pick<WriteRecord, 'id' | 'key' | 'user' | 'status' | 'endedMs' | 'version'>;
const judged = (reads: Read[], commits: Commit[], writes: Write[] = [], rest: Partial<Coherence> = {}) =>
  stalenessOf({
    reads: readsOf(reads),
    writes,
    coherence: coherenceOf(commits, rest),
    measuredFromMs: MEASURED_FROM_MS,
  });

test('an answer is as old as the commit that superseded its version, when it was sent', () => {
  const commits: Commit[] = [
    [7, 2, 100],
    [7, 3, 400],
  ];
  const reads: Read[] = [
    [7, 1, 90], // nothing newer yet
    [7, 1, 100.5], // within the uncertainty of the clocks
    [7, 1, 150], // 50 ms old
    [7, 1, 900], // superseded at 100 and not at 400: 800 ms
    [7, 2, 500], // 100 ms
    [7, 3, 500],
    [8, 1, 500], // never written
  ];
  const { stale, ageP50Ms, ageMaxMs, reads: all } = judged(reads, commits);
  expect({ all, stale, ageP50Ms, ageMaxMs }).toEqual({ all: 7, stale: 3, ageP50Ms: 100, ageMaxMs: 800 });
});

test('sent before the commit and answered after it is not stale, however slow the answer', () => {
  expect(judged([[7, 1, 90, 5000]], [[7, 2, 100]]).stale).toBe(0);
});

test('a version that was stored late supersedes from the first newer commit on, whatever its number', () => {
  const commits: Commit[] = [
    [7, 3, 100],
    [7, 2, 300], // a write behind, overtaken
  ];
  expect(judged([[7, 1, 150]], commits).ageMaxMs).toBe(50);
});

test('a key goes back where a read is given less than was answered before it was sent', () => {
  const reads: Read[] = [
    [7, 2, 100, 110],
    [7, 1, 105, 200], // sent before the newer one was answered
    [7, 1, 120, 130], // went back
    [8, 1, 120, 130], // another key
    [7, 2, 140, 150],
    [7, 3, 160, 170],
    [7, 2, 175, 180], // went back
  ];
  expect(judged(reads, []).wentBack).toBe(2);
});

test('a user misses his own write only after it was acknowledged, and only his own', () => {
  const own: Write = { id: 'w', key: 7, user: 1, status: 'acknowledged', endedMs: 100, version: 5 };
  const unsure: Write = { ...own, id: 'u', status: 'unknown', version: 9 };
  const reads: Read[] = [
    [7, 4, 99, 105, 1], // sent before the answer
    [7, 4, 101, 105, 2], // somebody else
    [8, 4, 101, 105, 1], // another key
    [7, 4, 101, 105, 1], // missed
    [7, 5, 101, 105, 1],
    [7, 6, 101, 105, 1],
  ];
  expect(judged(reads, [], [own, unsure]).readYourWrites).toBe(1);
});

test('at the end each key counts once, and an instance that told no version does not count', () => {
  const atEnd = [
    { key: 7, instance: 0, served: 1, row: 2 },
    { key: 7, instance: 1, served: 1, row: 2 },
    { key: 8, instance: 0, served: 3, row: 3 },
    { key: 9, instance: 0, served: null, row: 3 },
  ];
  expect(judged([], [], [], { atEnd }).atEnd).toBe(1);
});

test('writes: what is lost, queued, unexpected, overwritten or only unknown is told apart', () => {
  const told = (id: string, status: WriteRecord['status']) => ({ id, status });
  const writes = [told('a', 'acknowledged'), told('b', 'acknowledged'), told('r', 'rejected'), told('u', 'unknown')];
  const stored: Commit[] = [
    [7, 2, 1, 'a'],
    [7, 3, 2, 'r'],
  ];
  expect(writeFiguresOf(writes, coherenceOf(stored))).toEqual({
    acknowledged: 2,
    lost: ['b'],
    queued: [],
    unexpected: ['r'],
    overwritten: [],
  });
  expect(writeFiguresOf(writes, coherenceOf(stored, { pending: 1 }))).toMatchObject({ lost: [], queued: ['b'] });
  const behind = coherenceOf(stored);
  behind.history.rows = [{ key: 7, version: 2 }];
  expect(writeFiguresOf(writes, behind).overwritten).toEqual([7]);
});
