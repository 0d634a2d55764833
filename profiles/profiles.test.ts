import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Profile, ProfileShape } from '../harness/contract/profile.ts';
import { makeTrace } from '../harness/kit/fixtures/make-trace.ts';
import breakpoint from './breakpoint.ts';
import coldStart from './cold-start.ts';
import evictionPressure from './eviction-pressure.ts';
import penetration from './penetration.ts';
import replay from './replay.ts';
import soak from './soak.ts';
import tracePreset from './trace-preset.ts';
import xfetchRedisconf from './xfetch-redisconf.ts';

function shapeOf(profile: Profile, given: Record<string, unknown> = {}): ProfileShape {
  return profile.shape(profile.parameters.parse(given));
}

const recordedMs = (shape: ProfileShape): number =>
  shape.traffic.segments.filter((one) => one.recorded).reduce((sum, one) => sum + one.durationMs, 0);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-profiles-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a cold start strikes in the middle of the run, in the way that was asked for', () => {
  expect(shapeOf(coldStart, { durationSec: 20, atShare: 0.5 }).events).toEqual([
    { fault: 'redis-restart', atMs: 10_000, durationMs: 0 },
  ]);
  expect(shapeOf(coldStart, { how: 'flush' }).events[0]?.fault).toBe('redis-flush');
  expect(shapeOf(coldStart, { keys: 77 }).dataset).toMatchObject({ products: 77, preloadKeys: 77 });
});

test('penetration asks with 30 % for keys behind the last that exists', () => {
  const { dataset, traffic } = shapeOf(penetration, { keys: 500 });
  const [read] = traffic.operations;
  expect(dataset.products).toBe(500);
  expect(read).toMatchObject({ absentFromKey: 500, keys: { kind: 'mixture' } });
  const parts = read!.keys.kind === 'mixture' ? read!.keys.parts : [];
  expect(parts.map((part) => part.weight)).toEqual([0.7, 0.3]);
  expect(parts[1]!.stream).toMatchObject({ kind: 'offset', by: 500 });
});

test('the ramp goes from the first rate to the last, and states its rule', () => {
  const shape = shapeOf(breakpoint, { fromPerSec: 10, toPerSec: 90, durationSec: 5, limitMs: 100, windowSec: 0.5 });
  expect(shape.traffic.segments.at(-1)).toMatchObject({ name: 'ramp', fromRatePerSec: 10, toRatePerSec: 90 });
  expect(shape.study).toEqual({ kind: 'breakpoint', windowMs: 500, p99Ms: 100, maxFailedShare: 0.01 });
});

test('a soak lasts for hours unless told otherwise', () => {
  expect(recordedMs(shapeOf(soak))).toBe(7_200_000);
  expect(shapeOf(soak).study).toEqual({ kind: 'drift', settleShare: 0.2 });
});

test.each([
  ['catalogue', 1.2, 0.03, 250, 28_800_000],
  ['session', 1.21, 0.5, 224, 520_000],
  ['p25', 0.63, 0.13, 224, 520_000],
  ['p50', 1.21, 0.13, 224, 28_800_000],
  ['p75', 1.5, 0.5, 1024, 28_800_000],
])('the preset %s has the published figures', (preset, exponent, writeShare, valueBytes, ttlMs) => {
  const shape = shapeOf(tracePreset, { preset });
  const [read, write] = shape.traffic.operations;
  expect(read).toMatchObject({ operation: 'read-item', keys: { kind: 'zipf', exponent } });
  expect(write).toMatchObject({ operation: 'write-item', weight: writeShare });
  expect(read!.weight + write!.weight).toBeCloseTo(1, 12);
  expect(shape.dataset.payloadBytes).toBe(valueBytes);
  expect(shape.ttlMs).toBe(ttlMs);
});

test('a replay takes length, keys, TTL and size from its file, and its times by the speed', () => {
  const made = makeTrace(11, 10, [40, 100]);
  const file = join(folder, 'trace.csv');
  writeFileSync(file, made.csv);
  const shape = shapeOf(replay, { file, speed: 2, warmUpSec: 1 });
  expect(shape.traffic.replay).toMatchObject({ file, speed: 2, keys: shape.dataset.products });
  expect(shape.traffic.segments.map((one) => [one.name, one.durationMs, one.recorded])).toEqual([
    ['warm-up', 1000, false],
    ['replay', 4000, true],
  ]);
  const sent = shape.traffic.segments.reduce((sum, one) => sum + (one.fromRatePerSec * one.durationMs) / 1000, 0);
  expect(sent).toBeCloseTo(made.requests, 6);
  expect(shape.traffic.operations[1]!.weight).toBeCloseTo(made.writes / made.requests, 12);
  expect(shape.ttlMs).toBe(15_000);
  expect(shape.dataset.payloadBytes).toBeGreaterThan(250);
  expect(() => shapeOf(replay)).toThrow(/needs a trace/);
  expect(() => shapeOf(replay, { file, warmUpSec: 60 })).toThrow(/lasts 10000 ms/);
  writeFileSync(file, '1,a,1,1,1,get,0\nbroken\n');
  expect(() => shapeOf(replay, { file })).toThrow(/trace\.csv:2: 1 columns/);
});

test('eviction pressure gives Redis its limit and policy', () => {
  expect(shapeOf(evictionPressure, { maxmemoryKb: 2048, policy: 'volatile-ttl' }).redisConfig).toEqual({
    maxmemory: '2097152',
    'maxmemory-policy': 'volatile-ttl',
  });
  expect(() => shapeOf(evictionPressure, { policy: 'lru' })).toThrow(/policy/);
});

test('scaling the time of the published experiment keeps reads per TTL and per recompute', () => {
  for (const timeScale of [0.05, 0.1, 1]) {
    const shape = shapeOf(xfetchRedisconf, { timeScale });
    const ratePerMs = shape.traffic.segments.at(-1)!.fromRatePerSec / 1000;
    expect(shape.dataset.cost.kind === 'wait' ? shape.dataset.cost.waitMs * ratePerMs : NaN).toBeCloseTo(47, 9);
    expect(shape.ttlMs * ratePerMs).toBeCloseTo(1880, 9);
  }
});
