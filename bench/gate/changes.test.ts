import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import config from '../../examples/own-service/cachequake.config.ts';
import { packageRoot } from '../../harness/kit/package-root.ts';
import { CHANGES, changeNamed, changesNamed, QUERY_MS } from './changes.ts';

const LEVELS = { unloadedP50Ms: 0.8, p95Ms: 12, p99Ms: 20, queriesPerRequest: 0.25 };

test('every knob is a variable that the example service reads', () => {
  const program = ['server.js', 'slowdowns.js']
    .map((file) => readFileSync(join(packageRoot, 'examples', 'own-service', file), 'utf8'))
    .join('\n');
  const known = [...config.target.passEnvironment, ...Object.keys(config.target.environment)];
  for (const change of CHANGES)
    for (const name of Object.keys(change.knobs(LEVELS))) {
      expect(known, change.id).toContain(name);
      expect(program, change.id).toContain(name);
    }
});

test('shares are shares of what was measured', () => {
  expect(changeNamed('service-5').knobs(LEVELS)).toEqual({ SLOW_SERVICE_PERCENT: '5', SLOW_BASE_US: '800' });
  expect(Number(changeNamed('p95-5').knobs(LEVELS)['QUERY_COST_MS'])).toBeCloseTo(QUERY_MS + 0.6, 9);
  expect(Number(changeNamed('p99-10').knobs(LEVELS)['QUERY_COST_MS'])).toBeCloseTo(QUERY_MS + 2, 9);
  expect(Number(changeNamed('queries-2').knobs(LEVELS)['EXTRA_QUERY_SHARE'])).toBeCloseTo(0.005, 9);
});

test('changes are named one by one or all at once, and a slip gets the nearest', () => {
  expect(changesNamed('none, service-5').map(({ id }) => id)).toEqual(['none', 'service-5']);
  expect(changesNamed('all')).toHaveLength(CHANGES.length);
  expect(() => changesNamed('servis-5')).toThrow(/no planted change 'servis-5'/);
  expect(new Set(CHANGES.map(({ id }) => id)).size).toBe(CHANGES.length);
});
