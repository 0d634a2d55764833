import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Clock } from '../../contract/time.ts';
import { Metronome } from './metronome.ts';

const START_MS = 1_000;
let nowMs: number;
const clock: Clock = { nowMs: () => nowMs, sleep: () => Promise.reject(new Error('not used')) };

beforeEach(() => {
  nowMs = START_MS;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Lets the timer fire that long after the start, whatever it was set to. */
function fireAt(sinceStartMs: number): void {
  nowMs = START_MS + sinceStartMs;
  vi.advanceTimersToNextTimer();
}

test('beats that fall together come in one wake-up', () => {
  const metronome = new Metronome(clock);
  const beats: string[] = [];
  const ends = [50, 50, 100].map((everyMs, index) => metronome.every(everyMs, () => beats.push('abc'[index]!)));
  expect(vi.getTimerCount()).toBe(1);
  const woken = [0, 50, 100, 150].map((atMs) => {
    fireAt(atMs);
    return beats.splice(0).join('');
  });
  expect(woken).toEqual(['abc', 'ab', 'abc', 'ab']);
  expect(vi.getTimerCount()).toBe(1);
  for (const end of ends) end();
  expect(vi.getTimerCount()).toBe(0);
});

test('a timer that is a little early is in time, and one that is late does not shift the periods', () => {
  const setTimer = vi.spyOn(globalThis, 'setTimeout');
  const metronome = new Metronome(clock);
  const beats: number[] = [];
  const end = metronome.every(20, (atMs, passedAtMs) => {
    expect(passedAtMs).toEqual([]);
    beats.push(atMs - START_MS);
  });
  for (const atMs of [0, 19.5, 47, 60]) fireAt(atMs);
  end();
  expect(beats).toEqual([0, 19.5, 47, 60]);
  expect(setTimer.mock.calls.map(([, delayMs]) => delayMs)).toEqual([0, 20, 20.5, 13, 20]);
});

test('periods that passed unused are told with the beat after them, and are not made up for', () => {
  const metronome = new Metronome(clock);
  const told: number[][] = [];
  const end = metronome.every(10, (_atMs, passedAtMs) => told.push(passedAtMs.map((atMs) => atMs - START_MS)));
  for (const atMs of [0, 10, 45, 50]) fireAt(atMs);
  end();
  expect(told).toEqual([[], [], [20, 30], []]);
});

test('a rhythm that begins later keeps to the same start', () => {
  const metronome = new Metronome(clock);
  nowMs = START_MS + 35;
  const setTimer = vi.spyOn(globalThis, 'setTimeout');
  const end = metronome.every(10, () => {});
  for (const atMs of [35, 40]) fireAt(atMs);
  end();
  expect(setTimer.mock.calls.map(([, delayMs]) => delayMs)).toEqual([0, 5, 10]);
});
