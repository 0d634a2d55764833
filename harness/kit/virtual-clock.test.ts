import { expect, test } from 'vitest';
import { createVirtualClock } from './virtual-clock.ts';

test('sleepers wake in order of time, ties in order of call, and an hour passes at once', async () => {
  const clock = createVirtualClock();
  const woken: string[] = [];
  const sleep = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    woken.push(`${name}@${clock.nowMs()}`);
  };
  void sleep('hour', 3_600_000);
  void sleep('a', 10);
  void sleep('b', 10);
  void sleep('first', 5).then(() => sleep('nested', 1));
  await clock.run();
  expect(woken).toEqual(['first@5', 'nested@6', 'a@10', 'b@10', 'hour@3600000']);
});

test('stops at the time asked for and goes on from there', async () => {
  const clock = createVirtualClock(1000);
  let woken = false;
  void clock.sleep(100).then(() => (woken = true));
  await clock.run(1050);
  expect([clock.nowMs(), woken]).toEqual([1050, false]);
  await clock.run(1200);
  expect([clock.nowMs(), woken]).toEqual([1200, true]);
});

test('long chains of microtasks are drained before time moves', async () => {
  const clock = createVirtualClock();
  let steps = 0;
  const chain = async (): Promise<void> => {
    for (let i = 0; i < 1000; i++) await Promise.resolve();
    steps = clock.nowMs();
    await clock.sleep(1);
  };
  void clock.sleep(50);
  await clock.finish(chain());
  expect(steps).toBe(0);
  expect(clock.nowMs()).toBe(1);
});

test('an aborted sleep rejects with the reason and does not hold time', async () => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const sleeping = clock.sleep(10_000, controller.signal);
  void clock.sleep(10).then(() => controller.abort(new Error('enough')));
  await expect(clock.finish(sleeping)).rejects.toThrow('enough');
  await clock.run();
  expect(clock.nowMs()).toBe(10);
  await expect(clock.sleep(1, controller.signal)).rejects.toThrow('enough');
});

test('work that would wait for ever is an error, not a hang', async () => {
  const clock = createVirtualClock();
  await expect(clock.finish(new Promise(() => {}))).rejects.toThrow('stands still');
});

test('many sleepers come out sorted', async () => {
  const clock = createVirtualClock();
  const seen: number[] = [];
  for (let i = 0; i < 2000; i++) void clock.sleep((i * 7919) % 1009).then(() => seen.push(clock.nowMs()));
  await clock.run();
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.length).toBe(2000);
});

test('a function given to at() is called at its time, between sleepers, and what it throws ends the run', async () => {
  const clock = createVirtualClock();
  const seen: string[] = [];
  clock.at(20, () => void seen.push(`at ${clock.nowMs()}`));
  void clock.sleep(10).then(() => seen.push(`slept ${clock.nowMs()}`));
  clock.at(-5, () => void seen.push(`at ${clock.nowMs()}`));
  await clock.run();
  expect(seen).toEqual(['at 0', 'slept 10', 'at 20']);
  clock.at(30, () => {
    throw new Error('broken');
  });
  await expect(clock.run()).rejects.toThrow('broken');
});

test('two who drive one clock at once do not overtake what a wake has set in motion', async () => {
  const clock = createVirtualClock();
  const seen: number[] = [];
  const walk = async (ms: number): Promise<void> => {
    for (let i = 0; i < 200; i++) {
      await clock.sleep(ms);
      for (let hop = 0; hop < 10; hop++) await Promise.resolve();
      seen.push(clock.nowMs());
    }
  };
  const both = [walk(1), walk(1.5)];
  await Promise.all([clock.finish(both[0]!), clock.finish(both[1]!)]);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(clock.nowMs()).toBe(300);
});

test('thousands of wakes leave the real event loop its turns', async () => {
  const clock = createVirtualClock();
  const real = { turns: 0 };
  const timer = setInterval(() => (real.turns += 1), 0);
  const walk = async (): Promise<void> => {
    while (real.turns === 0) await clock.sleep(1);
  };
  await clock.finish(walk());
  clearInterval(timer);
  expect(real.turns).toBeGreaterThan(0);
});
