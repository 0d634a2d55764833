import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PacedQueue } from './paced-queue.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function recorded() {
  const got: { text: string; atMs: number }[] = [];
  const startMs = performance.now();
  const atMs = () => performance.now() - startMs;
  const sink = {
    write: ({ data }: { data: Buffer }) => got.push({ text: data.toString(), atMs: atMs() }),
    end: () => got.push({ text: 'END', atMs: atMs() }),
  };
  const relieved = vi.fn();
  const queue = new PacedQueue(sink, relieved);
  const push = (text: string, inMs: number) =>
    queue.push({ data: Buffer.from(text), atMs: performance.now() }, performance.now() + inMs);
  return { got, queue, push, relieved };
}

test('chunks leave at their times, in order, and the end after the last', () => {
  const { got, queue, push, relieved } = recorded();
  push('now', 0);
  push('a', 10);
  push('b', 30);
  queue.end();
  expect(queue.heldChunks).toBe(2);
  expect(queue.heldBytes).toBe(2);
  vi.advanceTimersByTime(20);
  expect(got).toEqual([
    { text: 'now', atMs: 0 },
    { text: 'a', atMs: 10 },
  ]);
  expect(relieved).toHaveBeenCalled();
  vi.advanceTimersByTime(10);
  expect(got.slice(2)).toEqual([
    { text: 'b', atMs: 30 },
    { text: 'END', atMs: 30 },
  ]);
  expect(queue.heldBytes).toBe(0);
});

test('a chunk that is due does not overtake one that is not', () => {
  const { got, push } = recorded();
  push('slow', 10);
  push('fast', 0);
  expect(got).toEqual([]);
  vi.advanceTimersByTime(10);
  expect(got.map((one) => one.text)).toEqual(['slow', 'fast']);
});

test('release hands on everything at once, and the waiting end once', () => {
  const { got, queue, push } = recorded();
  push('a', 1000);
  push('b', Number.POSITIVE_INFINITY);
  queue.end();
  queue.release();
  expect(got.map((one) => one.text)).toEqual(['a', 'b', 'END']);
  vi.advanceTimersByTime(5000);
  expect(got).toHaveLength(3);
});

test('a chunk without a time waits for ever and keeps no timer', () => {
  const { got, queue, push } = recorded();
  push('a', Number.POSITIVE_INFINITY);
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(1_000_000);
  expect(got).toEqual([]);
  expect(queue.heldBytes).toBe(1);
});

test('a delay longer than a timer can take is waited out', () => {
  const { got, push } = recorded();
  const thirtyDaysMs = 30 * 24 * 3600 * 1000;
  push('a', thirtyDaysMs);
  vi.advanceTimersByTime(thirtyDaysMs - 1);
  expect(got).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(got).toHaveLength(1);
});

test('disposed in the middle of a delivery, it delivers nothing more', () => {
  const { got, queue, push } = recorded();
  queue.next = {
    write: ({ data }) => {
      got.push({ text: data.toString(), atMs: 0 });
      queue.dispose();
    },
    end: () => got.push({ text: 'END', atMs: 0 }),
  };
  push('a', 5);
  push('b', 5);
  queue.end();
  vi.advanceTimersByTime(50);
  expect(got.map((one) => one.text)).toEqual(['a']);
  expect(vi.getTimerCount()).toBe(0);
});

test('ten thousand chunks pass in order', () => {
  const { got, push } = recorded();
  for (let i = 0; i < 10_000; i++) push(String(i), i / 10);
  vi.advanceTimersByTime(1001);
  expect(got.map((one) => Number(one.text))).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
});
