import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { append, asPair, beginSitting, compact, readAll, readSeries, seriesName } from './recording.ts';
import { SETTINGS, SITTING, syntheticSeries } from './test-support.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-recording-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (): string => join(folder, `${seriesName(SETTINGS)}.jsonl`);
const [first, second] = syntheticSeries([{ change: 'none', pairs: 2, spread: 0.02 }]).pairs;

test('what was appended is read again, over several sittings', () => {
  beginSitting(folder, SITTING);
  append(folder, SETTINGS, first!);
  beginSitting(folder, { ...SITTING, id: 's2' });
  append(folder, SETTINGS, { ...second!, sitting: 's2' });
  const [series] = readAll(folder);
  expect(series).toMatchObject({ name: 'duet-10s-400', settings: SETTINGS });
  expect(series!.sittings.map(({ id }) => id)).toEqual(['s1', 's2']);
  expect(series!.pairs).toEqual([first, { ...second, sitting: 's2' }]);
});

test('a line that was cut off is left out, and taken away before more is appended', () => {
  beginSitting(folder, SITTING);
  append(folder, SETTINGS, first!);
  appendFileSync(file(), '{"kind":"pair","sit');
  expect(readSeries(file()).pairs).toHaveLength(1);
  beginSitting(folder, { ...SITTING, id: 's2' });
  append(folder, SETTINGS, { ...second!, sitting: 's2' });
  expect(readSeries(file()).pairs).toHaveLength(2);
  expect(readFileSync(file(), 'utf8').split('\n')).toHaveLength(5);
});

test('a line that is broken in the middle is an error with its place', () => {
  beginSitting(folder, SITTING);
  appendFileSync(file(), '{"kind":\n');
  append(folder, SETTINGS, first!);
  expect(() => readSeries(file())).toThrow(/jsonl:2 is no JSON/);
});

test('a pair of no sitting, and a file without one, are refused', () => {
  append(folder, SETTINGS, first!);
  expect(() => readSeries(file())).toThrow(/neither a sitting nor a pair/);
});

test('another machine, and another profile under the same name, are not mixed in', () => {
  beginSitting(folder, SITTING);
  const machine = { ...SITTING.machine, fingerprint: 'f2' };
  expect(() => beginSitting(folder, { ...SITTING, machine })).toThrow(/another machine/);
  const settings = { ...SETTINGS, profile: 'sessions' };
  expect(() => beginSitting(folder, { ...SITTING, settings })).toThrow(/another profile/);
  expect(readSeries(file()).sittings).toHaveLength(1);
});

test('an empty folder, or none, holds no series', () => {
  expect(readAll(folder)).toEqual([]);
  expect(readAll(join(folder, 'none'))).toEqual([]);
});

test('a trial is kept compact, and comes back as the side that is asked for', () => {
  const { base } = asPair(first!, 7);
  const kept = compact({ ...base, durationMs: 12_000.4, measures: { ...base.measures, 'latency.p50': 1.234_567_8 } }, [
    'latency.p50',
    'not.there',
  ]);
  expect(kept).not.toHaveProperty('side');
  expect(kept).toMatchObject({ durationMs: 12_000, measures: { 'latency.p50': 1.2346, 'not.there': null } });
  const swapped = asPair(first!, 7, true);
  expect(swapped.base).toMatchObject({ side: 'base', pair: 7, measures: first!.candidate.measures });
  expect(swapped.candidate).toMatchObject({ side: 'candidate', measures: first!.base.measures });
});
