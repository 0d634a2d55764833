import { expect, test } from 'vitest';
import type { LoadSpec } from '../contract/load.ts';
import { RequestSequence } from './request-sequence.ts';

const SPEC: LoadSpec = {
  seed: 42,
  engine: 'open-loop',
  arrivals: 'poisson',
  segments: [
    { name: 'warm-up', durationMs: 500, fromRatePerSec: 0, toRatePerSec: 800, recorded: false },
    { name: 'main', durationMs: 1500, fromRatePerSec: 800, toRatePerSec: 800, recorded: true },
  ],
  operations: [
    {
      operation: 'read-item',
      weight: 9,
      keys: { kind: 'zipf', keys: 500, exponent: 1 },
      request: { method: 'GET', path: '/items/{key}' },
    },
    {
      operation: 'write-item',
      weight: 1,
      keys: { kind: 'uniform', keys: 500 },
      request: { method: 'PUT', path: '/items/{key}' },
    },
  ],
  users: 100,
  timeoutMs: 1000,
  maxInFlight: 100,
  connectionsPerInstance: 10,
  generatorProcesses: 1,
};

interface Drawn {
  index: number;
  atMs: number;
  segment: number;
  operation: number;
  key: number;
  user: number;
}

function draw(spec: LoadSpec, process = 0, processes = 1): Drawn[] {
  const sequence = new RequestSequence(spec, process, processes, true);
  const all: Drawn[] = [];
  while (sequence.next()) {
    const { index, atMs, segment, operation, key, user } = sequence;
    all.push({ index, atMs, segment, operation, key, user });
  }
  return all;
}

test('the number of processes does not change the sequence', () => {
  const alone = draw(SPEC);
  const dealt = [0, 1, 2].map((process) => draw(SPEC, process, 3));
  expect(alone.length).toBeGreaterThan(1200);
  expect(dealt.flat().sort((a, b) => a.index - b.index)).toEqual(alone);
  for (const [process, hand] of dealt.entries()) expect(hand.every(({ index }) => index % 3 === process)).toBe(true);
});

test('the seed decides everything', () => {
  expect(draw(SPEC)).toEqual(draw(SPEC));
  expect(draw({ ...SPEC, seed: 43 })).not.toEqual(draw(SPEC));
});

test('operations come by weight, users over their whole range', () => {
  const all = draw({ ...SPEC, segments: [{ ...SPEC.segments[1]!, durationMs: 20_000 }] });
  const writes = all.filter(({ operation }) => operation === 1).length;
  expect(Math.abs(writes / all.length - 0.1)).toBeLessThan(0.0096);
  expect(new Set(all.map(({ user }) => user)).size).toBe(100);
});

test('the keys of an operation do not depend on the other streams', () => {
  const reads = draw(SPEC).filter(({ operation }) => operation === 0);
  const fewerUsers = draw({ ...SPEC, users: 2, arrivals: 'constant' }).filter(({ operation }) => operation === 0);
  expect(fewerUsers.slice(0, 500).map(({ key }) => key)).toEqual(reads.slice(0, 500).map(({ key }) => key));
});
