import { expect, test } from 'vitest';
import { createAttendants } from '../reader/attend.ts';
import { HOT, outcomes, stackOf, type TestBench, withBench } from './_bench.ts';

function attend(bench: TestBench, parameters: Record<string, unknown> = {}) {
  return createAttendants(stackOf('proactive-push', { 'proactive-push': parameters }), {
    store: bench.store,
    clock: bench.world.clock,
    random: { next: () => 0.5 },
    log: { info: (line) => bench.lines.push(line), warn: (line) => bench.lines.push(line) },
    instance: 'instance-0',
    ttlMs: bench.world.ttlMs,
    refresh: (key) => bench.readers[0]!.refresh(key),
    mostRead: async () => [],
  });
}

/** A write as the shop does it: the row, the invalidation, and then the push. */
async function write(bench: TestBench, push: ReturnType<typeof attend>, key: string, version: number): Promise<void> {
  bench.database.put(key, version);
  await bench.readers[0]!.invalidate(key);
  push.written(key);
}

test('after a write the crowd finds the new value, and one load was made', () =>
  withBench(stackOf('proactive-push'), 4, async (bench) => {
    const push = attend(bench);
    await bench.burst(1);
    await write(bench, push, HOT, 2);
    await bench.sleep(110);
    const answers = await bench.burst(400);
    expect(outcomes(answers)).toEqual({ hit: 400 });
    expect(answers.every(({ version }) => version === 2)).toBe(true);
    expect(bench.database.loads).toBe(2);
    await push.close();
  }));

test('writes during a push are pushed once more after it: the last one is what is cached', () =>
  withBench(stackOf('proactive-push'), 1, async (bench) => {
    const push = attend(bench);
    for (let version = 2; version <= 20; version++) {
      await write(bench, push, HOT, version);
      await bench.sleep(7);
    }
    await bench.sleep(300);
    expect(await bench.cachedVersion()).toBe(20);
    expect(bench.database.loads).toBeLessThanOrEqual(4);
  }));

test('only expected keys are pushed, named ones also before traffic; a failing push fails nothing', () =>
  withBench(stackOf('proactive-push'), 1, async (bench) => {
    const push = attend(bench, { keys: 'product:1, sale:*' });
    await push.beforeTraffic();
    expect(await bench.cachedVersion()).toBe(1);
    await write(bench, push, 'product:2', 1);
    await write(bench, push, 'sale:9', 1);
    await bench.sleep(200);
    expect(bench.loads.map(({ key }) => key)).toEqual(['product:1', 'sale:9']);
    bench.database.mood = 'fails';
    await write(bench, push, 'sale:9', 2);
    await bench.sleep(200);
    expect(bench.lines.at(-1)).toBe('proactive-push: refresh of sale:9 failed: the database is on fire');
  }));

test('known failure: the crowd that reads while the push loads still misses', () =>
  withBench(stackOf('proactive-push'), 1, async (bench) => {
    const push = attend(bench);
    await bench.burst(1);
    await write(bench, push, HOT, 2);
    await bench.sleep(50);
    expect(outcomes(await bench.burst(100))).toEqual({ miss: 100 });
  }));

test('known failure: with a broad pattern every write that nobody reads is a load for nothing', () =>
  withBench(stackOf('proactive-push'), 1, async (bench) => {
    const push = attend(bench);
    for (let i = 0; i < 200; i++) await write(bench, push, `product:${i}`, 2);
    await bench.sleep(200 * 100);
    expect(bench.database.loads).toBe(200);
  }));

test('known failure: it does nothing for the expiry of a hot key', () =>
  withBench(stackOf('proactive-push'), 1, async (bench) => {
    attend(bench);
    await bench.burst(1);
    await bench.sleep(10_500);
    expect(outcomes(await bench.burst(100))).toEqual({ miss: 100 });
  }));
