import { expect, test } from 'vitest';
import type { LoadSpec } from '../contract/load.ts';
import { checkBaseUrls, checkSpec } from './check-spec.ts';
import { loadSpec } from './misbehaving-server.ts';

function rate(fromRatePerSec: number, toRatePerSec = fromRatePerSec): Partial<LoadSpec> {
  return { segments: [{ name: 'main', durationMs: 1000, fromRatePerSec, toRatePerSec, recorded: true }] };
}

test('a sound load passes', () => {
  expect(() => checkSpec(loadSpec())).not.toThrow();
  expect(() => checkSpec(loadSpec(rate(0, 100)))).not.toThrow();
  expect(() => checkSpec(loadSpec({ ...rate(0), engine: 'saturation' }))).not.toThrow();
});

test.each<[Partial<LoadSpec>, RegExp]>([
  [rate(0), /0\/s in every recorded segment/],
  [rate(-1), /rate of -1/],
  [rate(NaN), /rate of NaN/],
  [rate(1e7), /rate of 10000000/],
  [{ segments: [] }, /no segment is recorded/],
  [{ segments: [{ ...loadSpec().segments[0]!, durationMs: 0 }] }, /lasts 0 ms/],
  [{ operations: [] }, /no operations/],
  [{ timeoutMs: 0 }, /timeoutMs is 0/],
  [{ timeoutMs: 121_000 }, /timeoutMs is 121000/],
  [{ maxInFlight: 0 }, /maxInFlight is 0/],
  [{ connectionsPerInstance: 100_000 }, /connectionsPerInstance/],
  [{ generatorProcesses: 1.5 }, /generatorProcesses is 1.5/],
  [{ users: 0 }, /users is 0/],
])('%o is refused', (change, message) => {
  expect(() => checkSpec(loadSpec(change))).toThrow(message);
});

test('targets that are no HTTP URLs are refused', () => {
  expect(() => checkBaseUrls([])).toThrow(/no instance/);
  expect(() => checkBaseUrls(['ftp://127.0.0.1'])).toThrow(/not an http/);
  expect(() => checkBaseUrls(['127.0.0.1:80'])).toThrow(/not an http/);
});
