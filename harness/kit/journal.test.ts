import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listJournals, openJournal, runFolder, workFolder } from './journal.ts';
import { isSameProcess, processStartTime } from './process-identity.ts';

let place: string;
const before = process.env.TMPDIR;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'cachequake-journal-'));
  process.env.TMPDIR = place;
});

afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(place, { recursive: true, force: true });
});

test('lines are on disk at once, and the owner is the first', () => {
  const journal = openJournal('r1');
  journal.write({ kind: 'folder', path: '/nowhere' });
  const lines = readFileSync(join(journal.folder, 'journal.jsonl'), 'utf8').trim().split('\n');
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    kind: 'process',
    pid: process.pid,
    startTime: processStartTime(process.pid),
    what: 'owner',
  });
  expect(JSON.parse(lines[1] ?? '')).toEqual({ kind: 'folder', path: '/nowhere' });
  journal.close();
  expect(existsSync(journal.folder)).toBe(true);
});

test('a run that ended leaves no folder, and a second close is harmless', () => {
  const journal = openJournal('r2');
  journal.write({ kind: 'ended' });
  journal.close();
  journal.close();
  expect(existsSync(journal.folder)).toBe(false);
  expect(() => journal.write({ kind: 'ended' })).toThrow('closed');
});

test('a run id is used once and never leads out of the folder', () => {
  openJournal('r3').close();
  expect(() => openJournal('r3')).toThrow('cannot open the journal');
  expect(() => openJournal('../r3')).toThrow('cannot be a run id');
  expect(runFolder('a.b-c').startsWith(workFolder())).toBe(true);
});

test('journals of living owners are told from those of dead ones; a torn last line is passed over', () => {
  const journal = openJournal('alive');
  const dead = runFolder('dead');
  mkdirSync(dead);
  writeFileSync(
    join(dead, 'journal.jsonl'),
    '{"kind":"process","pid":1,"startTime":"not:this","what":"owner"}\n{"kind":"network","id":"n1"}\n',
  );
  appendFileSync(join(dead, 'journal.jsonl'), '{"kind":"cont');
  const found = new Map(listJournals().map((each) => [each.runId, each]));
  expect(found.get('alive')?.ownerAlive).toBe(true);
  expect(found.get('dead')).toMatchObject({ ownerAlive: false, folder: dead });
  expect(found.get('dead')?.entries.map((entry) => entry.kind)).toEqual(['process', 'network']);
  journal.close();
});

test('a process is known by its start time, and is gone once it ended', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const pid = child.pid ?? 0;
  const startTime = processStartTime(pid) ?? '';
  expect(startTime).not.toBe('');
  expect(isSameProcess({ pid, startTime })).toBe(true);
  expect(isSameProcess({ pid, startTime: `${startTime}1` })).toBe(false);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.stdin.end();
  await exited;
  expect(isSameProcess({ pid, startTime })).toBe(false);
  expect(processStartTime(-1)).toBeNull();
});
