import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LoadSpec } from '../contract/load.ts';
import { makeTrace } from '../kit/fixtures/make-trace.ts';
import { checkSpec } from './check-spec.ts';
import { RequestSequence } from './request-sequence.ts';

const SECONDS = 8;
const made = makeTrace(3, SECONDS, [50, 200]);
let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-replay-'));
  file = join(folder, 'trace.csv');
  writeFileSync(file, made.csv);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function specOf(speed: number, rest: Partial<LoadSpec> = {}): LoadSpec {
  const segment = { durationMs: 1000, fromRatePerSec: 1, toRatePerSec: 1 };
  return {
    seed: 1,
    engine: 'open-loop',
    arrivals: 'constant',
    segments: [
      { ...segment, name: 'warm-up', recorded: false },
      { ...segment, name: 'replay', durationMs: (SECONDS * 1000) / speed - 1000, recorded: true },
    ],
    operations: [
      {
        operation: 'write-item',
        weight: 1,
        keys: { kind: 'single', key: 0 },
        request: { method: 'PUT', path: '/{key}' },
      },
      {
        operation: 'read-item',
        weight: 9,
        keys: { kind: 'single', key: 0 },
        request: { method: 'GET', path: '/{key}' },
      },
    ],
    replay: { file, speed, maxRequests: 1_000_000, keys: 10 },
    users: 5,
    timeoutMs: 1000,
    maxInFlight: 100,
    connectionsPerInstance: 10,
    generatorProcesses: 1,
    ...rest,
  };
}

interface Drawn {
  index: number;
  atMs: number;
  segment: number;
  operation: number;
  key: number;
  user: number;
}

function all(spec: LoadSpec, process = 0, processes = 1): Drawn[] {
  const sequence = new RequestSequence(spec, process, processes, true);
  const drawn: Drawn[] = [];
  while (sequence.next()) {
    const { index, atMs, segment, operation, key, user } = sequence;
    drawn.push({ index, atMs, segment, operation, key, user });
  }
  return drawn;
}

test('times, keys and operations are those of the file', () => {
  const drawn = all(specOf(1));
  expect(drawn).toHaveLength(made.requests);
  for (const [second, count] of made.perSec.entries())
    expect(drawn.filter(({ atMs }) => Math.floor(atMs / 1000) === second)).toHaveLength(count);
  expect(drawn.filter(({ operation }) => operation === 0)).toHaveLength(made.writes);
  expect(Math.max(...drawn.map(({ key }) => key))).toBe(9);
  expect(drawn.every(({ atMs, segment }) => segment === (atMs < 1000 ? 0 : 1))).toBe(true);
});

test('with twice the speed everything comes in half the time', () => {
  const once = all(specOf(1));
  const twice = all(specOf(2));
  expect(twice.map(({ atMs }) => atMs)).toEqual(once.map(({ atMs }) => atMs / 2));
  expect(twice.map(({ key, operation }) => [key, operation])).toEqual(
    once.map(({ key, operation }) => [key, operation]),
  );
});

test('several processes share the same sequence', () => {
  const spec = specOf(1);
  const dealt = [0, 1, 2].flatMap((process) => all(spec, process, 3));
  expect(dealt.toSorted((a, b) => a.index - b.index)).toEqual(all(spec));
});

test('the end of the segments ends the replay', () => {
  const spec = specOf(1);
  const short = { ...spec, segments: [{ ...spec.segments[1]!, durationMs: 1500 }] };
  const drawn = all(short);
  expect(drawn.length).toBeGreaterThan(50);
  expect(drawn.every(({ atMs }) => atMs < 1500)).toBe(true);
});

test('what cannot be replayed is refused', () => {
  const spec = specOf(1);
  expect(() => checkSpec(spec)).not.toThrow();
  expect(() => checkSpec({ ...spec, engine: 'saturation' })).toThrow(/at its own times/);
  expect(() => checkSpec({ ...spec, replay: { ...spec.replay!, speed: 0 } })).toThrow(/replay.speed is 0/);
  expect(() => checkSpec({ ...spec, replay: { ...spec.replay!, keys: 0 } })).toThrow(/replay.keys is 0/);
  expect(() => checkSpec({ ...spec, operations: spec.operations.slice(1) })).toThrow(/no operation for it/);
});
