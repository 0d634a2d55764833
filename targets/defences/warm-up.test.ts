import { expect, test } from 'vitest';
import { createAttendants } from '../reader/attend.ts';
import { HOT, outcomes, stackOf, type TestBench, withBench } from './_bench.ts';

const KEYS = Array.from({ length: 50 }, (_, i) => `product:${i}`);

/** The members of a stack that attend instance `index` of the bench. */
function attend(bench: TestBench, text: string, parameters: Record<string, unknown>, history: string[], index = 0) {
  for (const key of KEYS) bench.database.put(key, 1);
  return createAttendants(stackOf(text, { [text]: parameters }), {
    store: bench.store,
    clock: bench.world.clock,
    random: { next: () => 0.5 },
    log: { info: (line) => bench.lines.push(line), warn: (line) => bench.lines.push(line) },
    instance: `instance-${index}`,
    ttlMs: bench.world.ttlMs,
    refresh: (key) => bench.readers[index]!.refresh(key),
    mostRead: async (limit) => history.slice(0, limit),
  });
}

test('the most-read keys are hits from the first read on; fewer keys than were asked for are no problem', () =>
  withBench(stackOf('warm-up'), 2, async (bench) => {
    await attend(bench, 'warm-up', { keys: 30 }, KEYS).beforeTraffic();
    const seen = outcomes(await Promise.all(KEYS.map((key) => bench.readers[1]!.read(key))));
    expect(seen).toEqual({ hit: 30, miss: 20 });
    expect(bench.lines.at(-1)).toMatch(/^warm-up: 30 of 30 most-read keys in 3\d\d ms$/);
  }));

test('never faster than its rate, never more at once than its batch', () =>
  withBench(stackOf('warm-up'), 1, async (bench) => {
    const fromMs = bench.world.clock.nowMs();
    await attend(bench, 'warm-up', { batch: 5, ratePerSec: 20 }, KEYS).beforeTraffic();
    const tookMs = bench.world.clock.nowMs() - fromMs;
    expect(tookMs).toBeGreaterThanOrEqual((45 / 20) * 1000); // 50 keys, the last batch is not waited for
    expect(tookMs).toBeLessThan(2700);
    for (const { startedAtMs } of bench.loads) {
      const at = bench.loads.filter((one) => one.startedAtMs <= startedAtMs && one.endedAtMs > startedAtMs);
      expect(at.length).toBeLessThanOrEqual(5);
    }
  }));

test('one instance of four does it', () =>
  withBench(stackOf('warm-up'), 4, async (bench) => {
    await Promise.all([0, 1, 2, 3].map((i) => attend(bench, 'warm-up', {}, KEYS, i).beforeTraffic()));
    expect(bench.database.loads).toBe(50);
  }));

test('traffic is not kept waiting for longer than the limit, and failing loads do not keep it at all', () =>
  withBench(stackOf('warm-up'), 1, async (bench) => {
    bench.database.recomputeMs = 400;
    const slow = attend(bench, 'warm-up', { batch: 1, limitMs: 1000 }, KEYS);
    const fromMs = bench.world.clock.nowMs();
    await slow.beforeTraffic();
    expect(bench.world.clock.nowMs() - fromMs).toBeLessThan(1500);
    bench.database.mood = 'fails';
    await bench.sleep(2000);
    await attend(bench, 'warm-up', {}, KEYS).beforeTraffic();
    expect(bench.lines.some((line) => line.startsWith('warm-up: refresh of product:0 failed'))).toBe(true);
  }));

test('a cache or a log that is away is no reason not to start', () =>
  withBench(stackOf('warm-up'), 1, async (bench) => {
    bench.store.away = true;
    await attend(bench, 'warm-up', {}, KEYS).beforeTraffic();
    expect(bench.lines.at(-1)).toBe('warm-up could not prepare for traffic: Command timed out');
  }));

test('known failure: it does nothing for a key that nobody has read yet, nor for any expiry', () =>
  withBench(stackOf('warm-up'), 1, async (bench) => {
    const history = KEYS.filter((key) => key !== HOT);
    await attend(bench, 'warm-up', {}, history).beforeTraffic();
    const before = bench.database.loads;
    expect(outcomes(await bench.burst(100))).toEqual({ miss: 100 });
    expect(bench.database.loads - before).toBe(100);
    await bench.sleep(11_000);
    // What was loaded together expires together.
    const after = bench.database.loads;
    await Promise.all(KEYS.map((key) => bench.readers[0]!.read(key)));
    expect(bench.database.loads - after).toBe(50);
  }));
