import { expect, test } from 'vitest';
import { HarnessError } from '../../contract/errors.ts';
import { parseFault } from './parse-fault.ts';

function refusal(text: string): HarnessError {
  try {
    parseFault(text);
  } catch (error) {
    if (error instanceof HarnessError) return error;
    throw error;
  }
  throw new Error(`'${text}' was accepted`);
}

test.each([
  ['redis-down@10s+5s', { fault: 'redis-down', atMs: 10_000, durationMs: 5_000 }],
  ['redis-flush@8s', { fault: 'redis-flush', atMs: 8_000, durationMs: 0 }],
  ['redis-flush@0s', { fault: 'redis-flush', atMs: 0, durationMs: 0 }],
  ['redis-down@1.5s+500ms', { fault: 'redis-down', atMs: 1_500, durationMs: 500 }],
  ['redis-down@1m+2m', { fault: 'redis-down', atMs: 60_000, durationMs: 120_000 }],
  [
    'redis-latency@10s+5s:latencyMs=200,jitterMs=50',
    { fault: 'redis-latency', atMs: 10_000, durationMs: 5_000, parameters: { latencyMs: 200, jitterMs: 50 } },
  ],
  [
    'mass-expire@8s:match=product:*,persistent=true',
    { fault: 'mass-expire', atMs: 8_000, durationMs: 0, parameters: { match: 'product:*', persistent: true } },
  ],
])('%s', (text, event) => {
  expect(parseFault(text)).toEqual(event);
});

test.each([
  ['redis-down', 'USAGE', /write id@start/],
  ['', 'USAGE', /write id@start/],
  ['Redis@5s', 'USAGE', /lower case/],
  ['redis-down@10+5s', 'BAD_PARAMETER', /10ms, 10s or 10m/],
  ['redis-down@10s+5', 'BAD_PARAMETER', /5ms, 5s or 5m/],
  ['redis-down@soon', 'BAD_PARAMETER', /500ms, 10s, 1m/],
  ['redis-down@-5s', 'BAD_PARAMETER', /500ms, 10s, 1m/],
  ['redis-down@25000m', 'BAD_PARAMETER', /within the run/],
  ['redis-latency@1s+1s:latencyMs', 'BAD_PARAMETER', /name=value/],
  ['redis-latency@1s+1s:', 'BAD_PARAMETER', /name=value/],
  ['redis-latency@1s+1s:latencyMs=', 'BAD_PARAMETER', /name=value/],
  ['redis-latency@1s+1s:latencyMs=1,latencyMs=2', 'BAD_PARAMETER', /once/],
])('refuses %s', (text, code, hint) => {
  const error = refusal(text);
  expect(error.code).toBe(code);
  expect(error.hint).toMatch(hint);
});
