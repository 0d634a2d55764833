import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Defence } from '../harness/contract/defence.ts';
import { loadModule, loadModules } from '../harness/kit/load-modules.ts';
import { conformanceCases } from './conformance.ts';

const defences = await loadModules<Defence>(fileURLToPath(new URL('defences/', import.meta.url)), 'defence');
const example = fileURLToPath(new URL('conformance/refresh-at-half.ts', import.meta.url));
const all = [...defences.values(), await loadModule<Defence>(example, 'defence')];

for (const defence of all)
  describe(defence.id, () => {
    for (const { name, run } of conformanceCases(defence)) test(name, { timeout: 60_000 }, run);
  });

test('the defences that the harness promises are there', () => {
  expect([...defences.keys()]).toEqual(
    expect.arrayContaining([
      'adaptive-ttl',
      'bloom-filter',
      'cache-aside',
      'early-linear',
      'fan-out',
      'jitter',
      'lease',
      'lock-not-found',
      'lock-stale',
      'lock-wait',
      'negative-cache',
      'no-cache',
      'read-through',
      'refresh-ahead',
      'single-flight',
      'stale-while-revalidate',
      'two-tier',
      'versioned-key',
      'xfetch',
    ]),
  );
});
