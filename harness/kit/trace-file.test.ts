import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HarnessError } from '../contract/errors.ts';
import { makeTrace } from './fixtures/make-trace.ts';
import { readTrace } from './trace-file.ts';

let folder: string;
let written = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachequake-trace-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(text: string): string {
  const path = join(folder, `${written++}.csv`);
  writeFileSync(path, text);
  return path;
}

function refusal(text: string): HarnessError {
  try {
    readTrace(fileOf(text), 1000);
  } catch (error) {
    if (error instanceof HarnessError) return error;
    throw error;
  }
  throw new Error('the trace was accepted');
}

test("a trace in the format of Twitter's is read whole, each second's requests spread over it", () => {
  const made = makeTrace(7, 20, [0, 10, 250]);
  const trace = readTrace(fileOf(made.csv), 1_000_000);
  expect(trace.atMs).toHaveLength(made.requests);
  expect(trace.writeCount).toBe(made.writes);
  expect(trace.ttlSec).toBe(30);
  expect(trace.valueBytes).toBeGreaterThan(250);
  expect(trace.valueBytes).toBeLessThan(350);
  expect(trace.keys.every((key) => key < trace.distinctKeys)).toBe(true);
  // The recording begins with its first request, whatever its clock said.
  const first = made.perSec.findIndex((count) => count > 0);
  const perSec = new Array<number>(20 - first).fill(0);
  let last = 0;
  for (const atMs of trace.atMs) {
    perSec[Math.floor(atMs / 1000)]! += 1;
    expect(atMs).toBeGreaterThanOrEqual(last);
    last = atMs;
  }
  expect(perSec).toEqual(made.perSec.slice(first));
});

test('a header line names the columns, in any order; times finer than a second are kept', () => {
  const trace = readTrace(
    fileOf(
      'operation,key,time,size,ttl\r\nget,a,10.25,0,0\r\nSET,b,10.5,300,60\r\n# a remark\r\n\r\ngets,a,11,100,\r\n',
    ),
    1000,
  );
  expect([...trace.atMs]).toEqual([0, 250, 750]);
  expect([...trace.keys]).toEqual([0, 1, 0]);
  expect([...trace.writes]).toEqual([0, 1, 0]);
  expect(trace.valueBytes).toBe(200);
  expect(trace.ttlSec).toBe(60);
});

test('no more lines are used than were asked for, not even looked at', () => {
  const trace = readTrace(fileOf('1,a,1,1,1,get,0\n2,b,1,1,1,get,0\nnonsense\n'), 2);
  expect(trace.atMs).toHaveLength(2);
});

test('lines longer than one read are put together again', () => {
  const key = 'k'.repeat(700_000);
  const trace = readTrace(fileOf(`1,${key},1,1,1,get,0\n1,${key},1,1,1,get,0\n2,é,1,1,1,get,0`), 1000);
  expect([...trace.keys]).toEqual([0, 0, 1]);
});

test('bad lines are told with their numbers, all kinds of them', () => {
  const error = refusal(
    [
      '1,a,1,1,1,get,0',
      'x,a,1,1,1,get,0',
      '1,a,1,1,1,get',
      '1,,1,1,1,get,0',
      '1,a,1,1,1,fetch,0',
      '1,a,1,-5,1,get,0',
      '0,a,1,1,1,get,0',
    ].join('\n'),
  );
  expect(error.code).toBe('BAD_PARAMETER');
  expect(error.message).toMatch(/^6 lines/);
  expect(error.message).toMatch(/:2: 'x' is not a time/);
  expect(error.message).toMatch(/:3: 6 columns instead of 7/);
  expect(error.message).toMatch(/:4: no key/);
  expect(error.message).toMatch(/:5: 'fetch' is not an operation/);
  expect(error.message).toMatch(/:6: '-5' is not a size/);
  // Five are enough to see what is wrong.
  expect(error.message).not.toMatch(/:7:/);
  expect(refusal('5,a,1,1,1,get,0\n4,a,1,1,1,get,0').message).toMatch(/:2: the time goes back from 5 to 4/);
});

test('a file without requests, without columns or not there at all is refused', () => {
  expect(refusal('').message).toMatch(/holds no request/);
  expect(refusal('when,what\n1,2\n').message).toMatch(/:1: .*time, key, operation/);
  expect(() => readTrace(join(folder, 'none.csv'), 10)).toThrow(/cannot be read/);
});
