import { expect, test } from 'vitest';
import type { LoadEvent } from '../../harness/contract/defence.ts';
import { createLoadLog } from './load-log.ts';

function event(number: number, cause: LoadEvent['cause'] = 'miss'): LoadEvent {
  return { key: `product:${number}`, cause, startedAtMs: number, endedAtMs: number + 1, ok: true, filled: true };
}

test('tells what came after the number that a reader has seen', () => {
  const log = createLoadLog(8);
  for (let i = 1; i <= 3; i++) log.record(event(i, i === 3 ? 'early' : 'miss'));
  expect(log.since(0).loads.key).toEqual(['product:1', 'product:2', 'product:3']);
  const later = log.since(2);
  expect(later).toMatchObject({ lastLoad: 3, lostLoads: false });
  expect(later.loads).toEqual({
    key: ['product:3'],
    cause: ['early'],
    wantedAtMs: [3],
    startedAtMs: [3],
    endedAtMs: [4],
    ok: [true],
    filled: [true],
  });
  expect(log.since(3).loads.key).toEqual([]);
  expect(log.byCause()).toEqual({ miss: 2, early: 1 });
});

test('says so when the oldest were lost', () => {
  const log = createLoadLog(4);
  for (let i = 1; i <= 10; i++) log.record(event(i));
  const late = log.since(2);
  expect(late.lostLoads).toBe(true);
  expect(late.loads.key).toEqual(['product:7', 'product:8', 'product:9', 'product:10']);
  expect(log.since(6)).toMatchObject({ lostLoads: false, lastLoad: 10 });
});

test('a reader who knows a number from before a restart gets all; the largest number asks for none', () => {
  const log = createLoadLog(4);
  log.record(event(1));
  expect(log.since(900).loads.key).toEqual(['product:1']);
  expect(log.since(Number.MAX_SAFE_INTEGER)).toMatchObject({ lastLoad: 1, loads: { key: [] }, lostLoads: false });
});

test('counts loads in flight, overall and the most for one key', async () => {
  const log = createLoadLog();
  const gates: ((fail: boolean) => void)[] = [];
  const load = log.watch(
    () =>
      new Promise<null>((resolve, reject) => gates.push((fail) => (fail ? reject(new Error('away')) : resolve(null)))),
  );
  const loads = ['a', 'a', 'a', 'b'].map((key) => load(key));
  expect(log.inFlight()).toEqual({ now: 4, maxPerKey: 3 });
  gates[0]!(false);
  gates[1]!(true);
  await Promise.allSettled(loads.slice(0, 2));
  // The time since the last look began with three of them under way.
  expect(log.inFlight()).toEqual({ now: 2, maxPerKey: 3 });
  expect(log.inFlight()).toEqual({ now: 2, maxPerKey: 1 });
  for (const gate of gates.slice(2)) gate(false);
  await Promise.allSettled(loads);
  expect(log.inFlight().now).toBe(0);
});
