/** The baseline's file: what a reviewer reads, and what is refused when it is read back. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HarnessError } from '../contract/errors.ts';
import type { Baseline } from '../contract/gate.ts';
import type { RunPlan } from '../contract/plan.ts';
import { buildEvidence } from '../verdict/fixtures/evidence.ts';
import { assertSameExperiment, baselineText, experimentOf, readBaseline, writeBaseline } from './baseline-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-baseline-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plan: RunPlan = buildEvidence().plan;
const baseline: Baseline = {
  kind: 'cachequake-baseline',
  baselineVersion: 1,
  acceptedAt: '2026-11-21T17:00:00.000Z',
  cachequakeVersion: '0.1.0',
  commit: null,
  machine: { platform: 'linux', cores: 2, cpuModel: 'a', memoryBytes: 1, fingerprint: 'abc' },
  experiment: experimentOf(plan),
  counts: { 'redis.opsPerRequest': [1.005, 1.006], 'db.loads': [12, null] },
  times: { 'latency.p50': [1.234, 1.3] },
};

function failure(work: () => unknown): HarnessError {
  try {
    work();
  } catch (error) {
    if (error instanceof HarnessError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('a measure is a line, keys are in order, and the file ends with a newline', () => {
  const lines = baselineText(baseline).split('\n');
  expect(lines.at(-1)).toBe('');
  expect(lines.filter((line) => line.startsWith('    "db') || line.startsWith('    "redis'))).toEqual([
    '    "db.loads": [12, null],',
    '    "redis.opsPerRequest": [1.005, 1.006]',
  ]);
});

test('what is written is read back, and written again is the same text', () => {
  const file = join(folder, 'round.json');
  writeBaseline(file, baseline);
  expect(readBaseline(file)).toEqual(baseline);
  expect(baselineText(readBaseline(file))).toBe(readFileSync(file, 'utf8'));
  assertSameExperiment(file, readBaseline(file), plan);
});

describe('what is refused', () => {
  const altered = (name: string, change: (json: Record<string, unknown>) => void): string => {
    const json = JSON.parse(baselineText(baseline)) as Record<string, unknown>;
    change(json);
    const file = join(folder, name);
    writeFileSync(file, JSON.stringify(json));
    return file;
  };

  test.each<[string, (json: Record<string, unknown>) => void, RegExp]>([
    ['another version', (json) => (json['baselineVersion'] = 2), /baseline version 2; this Cachequake reads 1/],
    ['another kind', (json) => (json['kind'] = 'run'), /kind: /],
    ['a field too many', (json) => (json['comment'] = 'x'), /the whole: .*comment/],
    [
      'a text for a number',
      (json) => (json['counts'] = { 'db.loads': [1, '2'] }),
      /counts\.db\.loads\[1\]: expected number/,
    ],
    ['a measure without a value', (json) => (json['counts'] = { 'db.loads': [] }), /counts\.db\.loads: /],
    ['no experiment', (json) => delete json['experiment'], /experiment: expected object/],
  ])('%s', (name, change, message) => {
    const file = altered(`${name}.json`, change);
    const error = failure(() => readBaseline(file));
    expect(error.code).toBe('BAD_BASELINE');
    expect(error.message).toContain(file);
    expect(error.message).toMatch(message);
    expect(error.hint).toContain('--accept');
  });

  test('a file that is not there, or is not JSON', () => {
    const missing = failure(() => readBaseline(join(folder, 'none.json')));
    expect(missing.message).toMatch(/there is no baseline at .*none\.json/);
    expect(missing.hint).toContain('--accept');
    writeFileSync(join(folder, 'half.json'), '{ "kind":');
    expect(failure(() => readBaseline(join(folder, 'half.json'))).message).toMatch(/half\.json is not JSON/);
  });

  test.each<[string, Partial<RunPlan>, RegExp]>([
    [
      'another profile',
      { profile: { ...plan.profile, id: 'other' } },
      /profile: the baseline has ".*", this run has "other"/,
    ],
    [
      'another parameter',
      { profile: { ...plan.profile, parameters: { ...plan.profile.parameters, keys: 7 } } },
      /parameter keys: the baseline has .*, this run has 7/,
    ],
    ['another seed', { seed: 43 }, /seed: the baseline has \d+, this run has 43/],
    ['other instances', { instances: 9 }, /instances: the baseline has \d+, this run has 9/],
    ['another target', { target: { id: 'own', title: '' } }, /target: .*this run has "own"/],
    ['another TTL', { ttlMs: 77 }, /the shape of its data/],
    ['another pool', { service: { ...plan.service, postgresPool: 77 } }, /the shape of its limits/],
    ['other traffic', { load: { ...plan.load, timeoutMs: 77 } }, /the shape of its traffic/],
  ])('%s is named with both values', (_, change, message) => {
    const error = failure(() => assertSameExperiment('b.json', baseline, { ...plan, ...change }));
    expect(error.code).toBe('BAD_BASELINE');
    expect(error.message).toMatch(message);
  });

  test('where a file lies is another on each machine, and only its name counts', () => {
    const at = (file: string): RunPlan => ({ ...plan, stack: [{ id: 'mine', parameters: {}, file }] });
    expect(experimentOf(at('/home/a/mine.ts'))).toEqual(experimentOf(at('/builds/7/mine.ts')));
    expect(experimentOf(at('/home/a/mine.ts'))).not.toEqual(experimentOf(at('/home/a/other.ts')));
  });

  test('the seed of the traffic is not told twice: it follows from the seed of the run', () => {
    assertSameExperiment('b.json', baseline, { ...plan, load: { ...plan.load, seed: 99 } });
  });
});
