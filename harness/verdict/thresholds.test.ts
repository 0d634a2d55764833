import { expect, test } from 'vitest';
import { HarnessError } from '../contract/errors.ts';
import { evaluateThreshold, parseThreshold } from './thresholds.ts';

test.each([
  ['p99<50ms', 'latency.p99', 'run', '<', 50],
  ['during.latency.p99<0.25s', 'latency.p99', 'during', '<', 250],
  ['latency.p99.service <= 300us', 'latency.p99.service', 'run', '<=', 0.3],
  ['p50<0.3s', 'latency.p50', 'run', '<', 300],
  ['during.errors<1%', 'errors.rate', 'during', '<', 1],
  ['hitRatio>=95%', 'cache.hitRatio', 'run', '>=', 95],
  ['db.peakRate<200/s', 'db.peakRate', 'run', '<', 200],
  ['db.peakRate<6000/min', 'db.peakRate', 'run', '<', 100],
  ['oversell==0', 'stock.oversold', 'run', '==', 0],
  ['errors==0', 'errors.rate', 'run', '==', 0],
  ['recovery.time<5s', 'recovery.time', 'run', '<', 5],
  ['recovery<500ms', 'recovery.time', 'run', '<', 0.5],
  ['after.loadsPerExpiry!=3', 'db.loadsPerExpiry', 'after', '!=', 3],
  ['redis.memory<64MiB', 'redis.memory', 'run', '<', 67_108_864],
  ['run.queriesPerRequest>5%', 'db.queriesPerRequest', 'run', '>', 0.05],
] as const)('%s', (text, measure, phase, operator, limit) => {
  expect(parseThreshold(text)).toMatchObject({ text, measure, phase, operator, limit });
});

function errorOf(text: string): HarnessError {
  try {
    parseThreshold(text);
  } catch (error) {
    if (error instanceof HarnessError) return error;
  }
  throw new Error(`'${text}' was taken`);
}

test.each([
  ['p9999<50ms', "there is no measure 'p9999'", "did you mean 'p999'?"],
  ['latency.p99.servce<1ms', "there is no measure 'latency.p99.servce'", "did you mean 'latency.p99.service'?"],
  ['durng.p99<50ms', "there is no phase 'durng'", "did you mean 'during'?"],
  ['during.latncy.p99<50ms', "there is no measure 'latncy.p99'", "did you mean 'latency.p99'?"],
  ['constructor==0', "there is no measure 'constructor'", 'known: latency.p50'],
])('%s is refused with the nearest name', (text, message, hint) => {
  expect(errorOf(text).code).toBe('UNKNOWN_NAME');
  expect(errorOf(text).message).toBe(message);
  expect(errorOf(text).hint).toContain(hint);
});

test.each([
  ['p99=50ms', 'compare with =='],
  ['p99', 'write it like'],
  ['p99<ms', 'write it like'],
  ['', 'write it like'],
  ['p99<50', 'p99<50ms'],
  ['p99<50%', 'p99<50ms'],
  ['errors<1', 'errors<1%'],
  ['oversell==0ms', 'oversell==0'],
  ['p99<5constructor', 'p99<5ms'],
])("'%s' is refused with a hint how to write it", (text, hint) => {
  expect(errorOf(text).code).toBe('BAD_PARAMETER');
  expect(errorOf(text).hint).toContain(hint);
});

const values = {
  run: { 'latency.p99': 50, 'recovery.time': Infinity, 'db.loads': null },
  during: { 'errors.rate': 2 },
};
test.each([
  ['p99<50ms', 'fail', 50],
  ['p99<=50ms', 'pass', 50],
  ['p99>49ms', 'pass', 50],
  ['p99>=51ms', 'fail', 50],
  ['p99==50ms', 'pass', 50],
  ['p99!=50ms', 'fail', 50],
  ['during.errors<1%', 'fail', 2],
  // Never recovered: no limit holds, and JSON has no number for it.
  ['recovery<5s', 'fail', null],
  ['loads<5', 'unknown', null],
  ['loads!=5', 'unknown', null],
  ['after.errors<1%', 'unknown', null],
  ['during.p99<1ms', 'unknown', null],
] as const)('%s on the values gives %s', (text, status, actual) => {
  expect(evaluateThreshold(parseThreshold(text), values)).toMatchObject({ status, actual });
});
