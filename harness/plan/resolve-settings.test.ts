import { describe, expect, test } from 'vitest';
import { parseAssignments, resolveSettings } from './resolve-settings.ts';

const none = { flags: {}, environment: {}, config: {} };

describe('settings', () => {
  test('flags win over the environment, that over the config, that over the defaults', () => {
    const { settings, provenance } = resolveSettings({
      flags: { instances: 5 },
      environment: { CACHEQUAKE_INSTANCES: '4', CACHEQUAKE_SEED: '7' },
      config: { instances: 3, seed: 6, redisTimeoutMs: 99 },
    });
    expect(settings).toMatchObject({ instances: 5, seed: 7, redisTimeoutMs: 99, postgresPool: 10 });
    expect(provenance).toMatchObject({
      instances: 'flag',
      seed: 'environment',
      redisTimeoutMs: 'config',
      postgresPool: 'default',
    });
  });

  test('a flag overrides one parameter of the config, not all of them', () => {
    const { settings } = resolveSettings({
      ...none,
      flags: { set: { keys: 5 } },
      config: { set: { keys: 1, ttlMs: 9 } },
    });
    expect(settings.set).toEqual({ keys: 5, ttlMs: 9 });
  });

  test('images come from the environment', () => {
    const { settings } = resolveSettings({ ...none, environment: { CACHEQUAKE_REDIS_IMAGE: 'mine/redis:1' } });
    expect(settings.redisImage).toBe('mine/redis:1');
  });

  test.each([
    [{ ...none, flags: { instances: 0 } }, /^--instances: /],
    [{ ...none, flags: { instances: Number.NaN } }, /^--instances: /],
    [{ ...none, environment: { CACHEQUAKE_SEED: 'blue' } }, /^CACHEQUAKE_SEED: /],
    [{ ...none, config: { postgresPool: 'many' }, configPath: 'c.json' }, /^c.json: postgresPool: /],
  ])('a wrong value names where it was given', (sources, message) => {
    expect(() => resolveSettings(sources)).toThrow(message);
  });

  test('an unknown name in the config gets the nearest', () => {
    expect(() => resolveSettings({ ...none, config: { instanses: 2 } })).toThrow(/instanses/);
  });
});

test('parameters are read as numbers and booleans where they are', () => {
  expect(parseAssignments(['keys=5000', 'xfetch.beta=0.5', 'on=true', 'stock=script', 'x=a=b'])).toEqual({
    keys: 5000,
    'xfetch.beta': 0.5,
    on: true,
    stock: 'script',
    x: 'a=b',
  });
  expect(() => parseAssignments(['keys'])).toThrow(/name=value/);
});
