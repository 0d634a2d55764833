import { expect, test } from 'vitest';
import { HarnessError } from '../contract/errors.ts';
import { gateSettings } from './gate-settings.ts';

test('flags win over the config, that over the defaults; tolerances add up', () => {
  const settings = gateSettings(
    { budget: '90s', design: undefined, tolerances: { p99: '20%' } },
    { budget: '5m', build: ['npm', 'ci'], trial: '1.5s', tolerances: { p99: '10%', p50: 0.03 } },
    'c.json',
  );
  expect(settings).toMatchObject({
    budgetMs: 90_000,
    trialMs: 1500,
    build: ['npm', 'ci'],
    tolerances: { p99: '20%', p50: 0.03 },
    firstLook: null,
    lastLook: null,
    noisePairs: 2,
    base: null,
  });
  expect(gateSettings({}, undefined, null)).toMatchObject({ trialMs: null, budgetMs: 600_000 });
});

test.each<[Record<string, unknown>, unknown, string, RegExp]>([
  [{}, { budget: 10 }, 'BAD_CONFIG', /c\.json: gate\.budget: .*string/],
  [{}, { budgte: '10m' }, 'BAD_CONFIG', /c\.json: gate: .*budgte/],
  [{}, { design: 'trio' }, 'BAD_CONFIG', /gate\.design/],
  [{ budget: '10' }, undefined, 'BAD_PARAMETER', /--budget: write a number with its unit/],
  [{ noisePairs: -1 }, undefined, 'BAD_PARAMETER', /--noise-pairs: /],
  [{ lastLook: 61 }, undefined, 'BAD_PARAMETER', /--last-look: /],
])('%j with %j is refused', (flags, section, code, message) => {
  try {
    gateSettings(flags, section, 'c.json');
    throw new Error('nothing was thrown');
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.hint).toBeTruthy();
  }
});
