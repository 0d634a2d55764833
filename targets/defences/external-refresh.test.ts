import { expect, test } from 'vitest';
import { type Bench, createBench } from '../conformance/bench.ts';
import { openVirtualWorld } from '../conformance/world.ts';
import { createMemoryMailbox } from './_memory-mailbox.ts';
import { runRefresher, type RefreshCounts } from './_refresher.ts';
import { HOT, outcomes, stackOf } from './_bench.ts';
import defence from './external-refresh.ts';

interface Worker {
  /** Loads of the worker so far. */
  loads(): number;
  /** Ends it: what it has loaded, by cause. */
  end(): Promise<RefreshCounts>;
}

interface TestBench extends Bench {
  mailbox: ReturnType<typeof createMemoryMailbox>;
  startWorker(): Worker;
  /** One read of each key by each instance in turn every 10 ms; outcomes. */
  traffic(forMs: number, keys?: string[]): Promise<Record<string, number>>;
  sleep(ms: number): Promise<void>;
}

/** δ = 100 ms, TTL 2 s; the worker reads through a stack of its own, as its process does. */
async function withWorker(
  text: string,
  work: (bench: TestBench) => Promise<void>,
  parameters: Record<string, unknown> = {},
): Promise<void> {
  const world = { ...(await openVirtualWorld()), ttlMs: 2000 };
  const mailbox = createMemoryMailbox();
  const stack = stackOf(text, { 'external-refresh': parameters });
  const bench = createBench(world, stack, { instances: 3, mailbox });
  bench.database.put(HOT, 1);
  const ended: (() => Promise<unknown>)[] = [];

  function startWorker(): Worker {
    const stop = new AbortController();
    let loads = 0;
    const done = runRefresher(
      {
        clock: world.clock,
        log: { info: (line) => bench.lines.push(line), warn: (line) => bench.lines.push(line) },
        store: bench.store,
        mailbox,
        who: 'refresher',
        parameters: defence.parameters.parse(parameters),
        refresh: async (key) => {
          loads += 1;
          await bench.readers[2]!.refresh(key);
        },
      },
      stop.signal,
    );
    const end = (): Promise<RefreshCounts> => {
      stop.abort(new Error('ended'));
      return done;
    };
    ended.push(end);
    return { loads: () => loads, end };
  }

  const sleep = (ms: number): Promise<void> => world.clock.sleep(ms);
  async function traffic(forMs: number, keys = [HOT]): Promise<Record<string, number>> {
    const untilMs = world.clock.nowMs() + forMs;
    const answers = [];
    for (let i = 0; world.clock.nowMs() < untilMs; i++) {
      for (const key of keys) answers.push(bench.readers[i % 2]!.read(key));
      await sleep(10);
    }
    return outcomes(await Promise.all(answers));
  }

  async function run(): Promise<void> {
    await Promise.all(bench.readers.map((reader) => reader.start()));
    await work({ ...bench, mailbox, startWorker, traffic, sleep });
    await Promise.all(ended.map((end) => end()));
    await Promise.all(bench.readers.map((reader) => reader.close()));
  }
  await world.finish(run());
}

test('trigger 1, near expiry: no reader ever loads a warm key, and the worker loads it once per TTL', () =>
  withWorker('external-refresh', async ({ startWorker, traffic, loads }) => {
    const worker = startWorker();
    await traffic(1000);
    const before = loads.length;
    expect(await traffic(16_000)).toEqual({ hit: 1600 });
    expect(loads.slice(before).every(({ cause, filled }) => cause === 'behind' && filled)).toBe(true);
    // Once in 2 s less the lead of 400 ms and the load itself
    expect(loads.length - before).toBeGreaterThanOrEqual(9);
    expect(loads.length - before).toBeLessThanOrEqual(11);
    expect((await worker.end()).expiry).toBe(worker.loads());
  }));

test('trigger 2, the period: a change that nobody has announced is seen within it', () =>
  withWorker(
    'external-refresh',
    async ({ startWorker, traffic, database, readers }) => {
      const worker = startWorker();
      await traffic(1000);
      database.put(HOT, 2);
      await traffic(700);
      expect((await readers[0]!.read(HOT)).version).toBe(2);
      expect(await worker.end()).toEqual({ expiry: 0, period: expect.any(Number), miss: 0 });
    },
    { periodMs: 500 },
  ));

test('trigger 3, a reported miss: a key that its reader could not fill is filled by the worker', () =>
  withWorker('external-refresh+bulkhead', async ({ startWorker, readers, store, sleep, database }) => {
    const worker = startWorker();
    const { set } = store;
    store.set = async (entry, options) => {
      if (entry.key === HOT && worker.loads() === 0) throw new Error('the reader has lost its connection');
      return set(entry, options);
    };
    expect((await readers[0]!.read(HOT)).outcome).toBe('miss');
    await sleep(400);
    expect((await readers[1]!.read(HOT)).outcome).toBe('hit');
    expect(await worker.end()).toEqual({ expiry: 0, period: 0, miss: 1 });
    expect(database.loads).toBe(2);
  }));

test('a miss is left to the reader who saw it: a cold key costs one load and not two', () =>
  withWorker(
    'external-refresh',
    async ({ startWorker, readers, sleep, database }) => {
      startWorker();
      await readers[0]!.read(HOT);
      await sleep(500);
      expect(database.loads).toBe(1);
    },
    { missDelayMs: 200 },
  ));

test('a key that nobody reads any more is given up', () =>
  withWorker(
    'external-refresh',
    async ({ startWorker, traffic, sleep }) => {
      const worker = startWorker();
      await traffic(1000);
      await sleep(5000);
      const before = worker.loads();
      await sleep(60_000);
      expect(worker.loads()).toBe(before);
    },
    { idleMs: 3000 },
  ));

test('death of the worker: readers notice by its heartbeat and load for themselves; its successor takes over', () =>
  withWorker('external-refresh+single-flight', async ({ startWorker, traffic, loads, lines }) => {
    const worker = startWorker();
    await traffic(4000);
    await worker.end();
    const dead = await traffic(10_000);
    expect(dead['miss']).toBeGreaterThan(3);
    // While they have not noticed, an expired value may be served, and no longer than that.
    expect(dead['stale'] ?? 0).toBeLessThan(100);
    expect(lines.filter((line) => line.includes('is gone, readers load'))).toHaveLength(3);
    startWorker();
    await traffic(2500);
    const before = loads.length;
    expect(await traffic(4000)).toEqual({ hit: 400 });
    expect(loads.slice(before).every(({ cause }) => cause === 'behind')).toBe(true);
  }));

test('known failure: without coordination beside it, the death of the worker is the stampede of cache-aside', () =>
  withWorker('external-refresh', async ({ startWorker, traffic, database }) => {
    const worker = startWorker();
    await traffic(4000);
    await worker.end();
    await traffic(1500); // the last value has just expired or is about to
    const before = database.loads;
    await traffic(2200);
    expect(database.loads - before).toBeGreaterThanOrEqual(9); // λδ = 10 reads during one load
  }));

test('known failure: a worker that cannot keep up lets keys expire, and their readers pay', () =>
  withWorker(
    'external-refresh',
    async ({ startWorker, traffic, database }) => {
      const keys = Array.from({ length: 60 }, (_, i) => `product:${i}`);
      for (const key of keys) database.put(key, 1);
      startWorker();
      await traffic(4000, keys); // 60 keys each 1.6 s, 100 ms each: one worker carries 16
      const seen = await traffic(4000, keys);
      expect((seen['stale'] ?? 0) + (seen['miss'] ?? 0)).toBeGreaterThan(100);
    },
    { maxConcurrent: 1, graceMs: 500 },
  ));

test('a single look at the cache that fails is not taken for the death of the worker', () =>
  withWorker('external-refresh', async ({ startWorker, traffic, store, lines }) => {
    startWorker();
    await traffic(1000);
    const { get } = store;
    let looks = 0;
    store.get = async (key) => {
      if (key !== HOT && (looks += 1) % 3 === 0) throw new Error('Command timed out');
      return get(key);
    };
    await traffic(5000);
    expect(looks).toBeGreaterThan(20);
    expect(lines.filter((line) => line.includes('is gone'))).toEqual([]);
  }));

test('neither a cache nor a mailbox that is away ends the worker', () =>
  withWorker('external-refresh', async ({ startWorker, traffic, store, mailbox, lines, sleep }) => {
    const worker = startWorker();
    await traffic(1000);
    store.away = mailbox.away = true;
    await traffic(3000);
    store.away = mailbox.away = false;
    await sleep(1000);
    await traffic(2500);
    expect(await traffic(4000)).toEqual({ hit: 400 });
    // Once, and once more where a beat was under way when the cache came back.
    expect(lines.filter((line) => line.startsWith('refresher: the cache is away')).length).toBeLessThanOrEqual(2);
    expect((await worker.end()).expiry).toBeGreaterThan(2);
  }));
