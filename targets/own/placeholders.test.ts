import { expect, test } from 'vitest';
import { PLACEHOLDERS } from '../../harness/contract/own-target.ts';
import type { RunPlan } from '../../harness/contract/plan.ts';
import { fill, placeholderValues } from './placeholders.ts';

const plan = {
  profile: { id: 'hot-key' },
  seed: 7,
  ttlMs: 1500,
  dataset: { products: 100, reviewsPerProduct: 20, stock: 5, cost: { kind: 'wait', waitMs: 60 } },
  service: { redisTimeoutMs: 250, postgresTimeoutMs: 5000, postgresPool: 10 },
} as unknown as RunPlan;
const around = {
  index: 1,
  instances: 2,
  redisUrl: 'redis://127.0.0.1:6400',
  postgresUrl: 'postgres://me:p%40ss@127.0.0.1:5433/press',
  listenHost: '127.0.0.1',
  listenPort: 4000,
};
const values = placeholderValues(plan, around);

test('every placeholder has a value, also where it has nothing to say', () => {
  expect(Object.keys(values)).toEqual(Object.keys(PLACEHOLDERS));
  expect(values.payloadBytes).toBe('');
});

test.each([
  ['{redisHost}:{redisPort}', '127.0.0.1:6400'],
  ['{redisUrl}/0', 'redis://127.0.0.1:6400/0'],
  // As a client library takes it, and not as it stands in the address.
  ['{postgresUser} {postgresPassword} {postgresDatabase} {postgresPort}', 'me p@ss press 5433'],
  ['{instance} of {instances} on {host}:{port}', '1 of 2 on 127.0.0.1:4000'],
  ['{"ttl":{ttlMs},"sec":{ttlSec}}', '{"ttl":1500,"sec":2}'],
  ["'{1,2}'::int[] || '{}' || '{{port}}' {nobody}", "'{1,2}'::int[] || '{}' || '{port}' {nobody}"],
])('%s', (text, filled) => {
  expect(fill(text, values)).toBe(filled);
});

test('a part that the address leaves out has its usual value, and of no address nothing is known', () => {
  const bare = placeholderValues(plan, { ...around, redisUrl: 'redis://cache', postgresUrl: '' });
  expect([bare.redisPort, bare.postgresUrl, bare.postgresHost, bare.postgresPort]).toEqual(['6379', '', '', '']);
});
