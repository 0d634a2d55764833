import { expect, test } from 'vitest';
import { createVirtualClock } from '../../harness/kit/virtual-clock.ts';
import { createCircuit } from './_circuit.ts';
import { HOT, outcomes, stackOf, type TestBench, withBench } from './_bench.ts';

/** The cache fails after 20 calls; tried again after a second. */
const shedding = { breaker: { onCacheFailure: 'shed' } };

/** Reads of `keys` keys in turn, one after the other in each of 4 lanes, until `forMs` have passed. */
async function traffic({ readers, sleep, world }: TestBench, forMs: number, keys = 20): Promise<string[]> {
  const untilMs = world.clock.nowMs() + forMs;
  const seen: string[] = [];
  await Promise.all(
    [0, 1, 2, 3].map(async (lane) => {
      for (let i = lane; world.clock.nowMs() < untilMs; i += 4) {
        const answer = await readers[0]!.read(`product:${i % keys}`).catch(() => ({ outcome: 'failed' }));
        seen.push(answer.outcome);
        await sleep(5);
      }
    }),
  );
  return seen;
}

function fill(bench: TestBench, keys = 20): void {
  for (let i = 0; i < keys; i++) bench.database.put(`product:${i}`, 1);
}

function share(seen: readonly string[], outcome: string): number {
  return seen.filter((one) => one === outcome).length / seen.length;
}

test('closed, open, half open, closed: by the share of bad calls within the window, on the clock', async () => {
  const clock = createVirtualClock();
  const changes: string[] = [];
  const circuit = createCircuit({
    clock,
    windowMs: 1000,
    minimumCalls: 10,
    failureShare: 0.5,
    openMs: 500,
    probes: 2,
    onChange: (state) => changes.push(`${clock.nowMs()} ${state}`),
  });
  const record = (good: number, bad: number): void => {
    for (let i = 0; i < good; i++) circuit.record(false);
    for (let i = 0; i < bad; i++) circuit.record(true);
  };
  record(1, 8); // too few
  await clock.run(1100);
  record(6, 5); // those before are out of the window, and 5 of 11 are too few
  expect([circuit.state, circuit.admit()]).toEqual(['closed', true]);
  record(0, 1);
  expect([circuit.state, circuit.admit()]).toEqual(['open', false]);
  record(50, 0); // late answers do not close it
  await clock.run(1700);
  expect([circuit.admit(), circuit.admit(), circuit.admit()]).toEqual([true, true, false]);
  record(1, 1);
  expect(circuit.state).toBe('open');
  await clock.run(2300);
  expect([circuit.admit(), circuit.admit()]).toEqual([true, true]);
  record(2, 0);
  expect(changes).toEqual(['1100 open', '1700 half-open', '1700 open', '2300 half-open', '2300 closed']);
});

test('probes that are never heard of do not keep it half open for ever', async () => {
  const clock = createVirtualClock();
  const options = { clock, windowMs: 1000, minimumCalls: 1, failureShare: 1, openMs: 100, probes: 1 };
  const circuit = createCircuit({ ...options, onChange: () => {} });
  circuit.record(true);
  await clock.run(100);
  expect([circuit.admit(), circuit.admit()]).toEqual([true, false]);
  await clock.run(200);
  expect([circuit.admit(), circuit.admit()]).toEqual([true, false]);
  circuit.record(false);
  expect(circuit.state).toBe('closed');
});

test('fallback: a dead cache costs the time limit only until the breaker opens, then not at all', () =>
  withBench(stackOf('breaker'), 1, async (bench) => {
    fill(bench);
    bench.store.away = true; // an operation now takes 50 ms and fails
    await traffic(bench, 1000);
    const fromMs = bench.world.clock.nowMs();
    const answer = await bench.readers[0]!.read(HOT);
    expect([answer.outcome, bench.world.clock.nowMs() - fromMs]).toEqual(['bypass', 100]);
    bench.store.away = false;
    await traffic(bench, 2500);
    expect(share(await traffic(bench, 500), 'hit')).toBe(1);
    expect(bench.lines.filter((line) => line.startsWith('breaker of the cache: closed'))).toHaveLength(1);
  }));

test('shed: the database gets next to nothing while the cache is away, and without a breaker everything', async () => {
  const loadsDuring = (stack: ReturnType<typeof stackOf>): Promise<{ loads: number; shed: number }> =>
    withBench(stack, 1, async (bench) => {
      fill(bench);
      await traffic(bench, 1500);
      bench.store.away = true;
      const before = bench.database.loads;
      const seen = await traffic(bench, 5000);
      return { loads: bench.database.loads - before, shed: share(seen, 'shed') };
    });
  const open = await loadsDuring(stackOf('breaker', shedding));
  const none = await loadsDuring([]);
  expect(none).toEqual({ loads: expect.any(Number), shed: 0 });
  expect(none.loads).toBeGreaterThan(120);
  expect(open.loads).toBeLessThan(30);
  expect(open.shed).toBeGreaterThan(0.9);
});

test('stale serves what was last seen, and sheds the rest', () =>
  withBench(stackOf('breaker', { breaker: { onCacheFailure: 'stale', lastValues: 5 } }), 1, async (bench) => {
    fill(bench);
    await traffic(bench, 1000, 5);
    bench.store.away = true;
    await traffic(bench, 1000, 5);
    const known = await Promise.all([0, 1, 2, 3, 4].map((i) => bench.readers[0]!.read(`product:${i}`)));
    expect(outcomes(known)).toEqual({ stale: 5 });
    expect(known.every(({ version, ageMs }) => version === 1 && ageMs > 0)).toBe(true);
    // Bounded: the sixth key was never kept, and what is invalidated is not served again.
    expect((await bench.readers[0]!.read('product:9')).outcome).toBe('shed');
    await bench.readers[0]!.invalidate('product:3').catch(() => {});
    expect((await bench.readers[0]!.read('product:3')).outcome).toBe('shed');
  }));

test('a slow cache is as bad as a dead one', () =>
  withBench(stackOf('breaker', { breaker: { onCacheFailure: 'shed', slowCacheMs: 30 } }), 1, async (bench) => {
    fill(bench);
    await traffic(bench, 1000);
    const { get } = bench.store;
    bench.store.get = async (key) => {
      await bench.sleep(40);
      return get(key);
    };
    await traffic(bench, 500);
    expect(share(await traffic(bench, 400), 'shed')).toBeGreaterThan(0.8);
  }));

test('a database that fails is left alone, reads with an old value get it, and it is found again', () =>
  withBench(stackOf('breaker+lock-stale'), 1, async (bench) => {
    fill(bench);
    await traffic(bench, 1000);
    await bench.sleep(10_500); // expired, and kept for lock-stale
    bench.database.mood = 'fails';
    await traffic(bench, 2000);
    const before = bench.database.loads;
    const seen = await traffic(bench, 900);
    expect(share(seen, 'stale')).toBeGreaterThan(0.9);
    expect(bench.database.loads - before).toBeLessThanOrEqual(3);
    bench.database.mood = 'works';
    await traffic(bench, 2000);
    expect(share(await traffic(bench, 500), 'hit')).toBe(1);
  }));

test('known failure: without traffic it stays open, and the first reads after the outage are refused or pay', () =>
  withBench(stackOf('breaker', shedding), 1, async (bench) => {
    fill(bench);
    await traffic(bench, 1000);
    bench.store.away = true;
    await traffic(bench, 1000);
    bench.store.away = false;
    await bench.sleep(60_000); // healed for a minute, and nobody has asked
    bench.database.put('product:0', 1);
    const answers = await Promise.all(Array.from({ length: 20 }, () => bench.readers[0]!.read(HOT)));
    expect(outcomes(answers)['shed']).toBeGreaterThanOrEqual(15);
  }));

test('known failure: most shards of a cache are gone, and readers of the one that is well are refused too', () =>
  withBench(stackOf('breaker', { breaker: { ...shedding.breaker, windowMs: 500 } }), 1, async (bench) => {
    fill(bench);
    bench.database.recomputeMs = 1;
    await traffic(bench, 1000);
    const { get } = bench.store;
    const broken = (key: string): boolean => Number(key.split(':')[1]) % 4 !== 3; // three of four lanes
    bench.store.get = async (key) => {
      if (broken(key)) throw new Error('that shard is away');
      return get(key);
    };
    await traffic(bench, 500);
    const good = await Promise.all(Array.from({ length: 10 }, () => bench.readers[0]!.read('product:3')));
    expect(outcomes(good)['shed']).toBeGreaterThanOrEqual(7);
  }));
