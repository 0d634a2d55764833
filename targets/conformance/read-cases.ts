/** What every reader must be able to rely on, whatever the defence: right values, errors that pass, nothing poisoned. */
import assert from 'node:assert/strict';
import type { Answer, Defence } from '../../harness/contract/defence.ts';
import type { Bench } from './bench.ts';
import { DATABASE_ERROR, type Row, rowOf } from './world.ts';

/** A case works on a fresh bench whose database holds the key at version 1. */
export interface BenchCase {
  name: string;
  instances: number;
  /** False where the defence does not promise it. */
  appliesTo(defence: Defence): boolean;
  run(bench: Bench, defence: Defence): Promise<void>;
}

export const KEY = 'product:1';
const always = (): boolean => true;
export const caches = (defence: Defence): boolean => defence.id !== 'no-cache';

export function assertServes(answer: Answer<Row>, version: number, key = KEY): void {
  assert.deepEqual(answer.value, rowOf(key, version), `read of ${key} answered with ${JSON.stringify(answer.value)}`);
  assert.equal(answer.version, version);
}

/** Reads by all instances in turn, begun at the same moment. */
export function readAtOnce(bench: Bench, reads: number): Promise<PromiseSettledResult<Answer<Row>>[]> {
  const { readers } = bench;
  return Promise.allSettled(Array.from({ length: reads }, (_, i) => readers[i % readers.length]!.read(KEY)));
}

/** The most loads that `reads` concurrent cold reads may cost under this defence. */
export function mostColdLoads(defence: Defence, instances: number, reads: number): number {
  if (defence.scope === 'cluster') return 1;
  return defence.scope === 'process' ? instances : reads;
}

export function fulfilled(results: PromiseSettledResult<Answer<Row>>[]): Answer<Row>[] {
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/**
 * The answers of reads that all must have been answered with a value, but for those that a defence which says so has
 * turned away. Somebody must always be served.
 */
export function served(results: PromiseSettledResult<Answer<Row>>[], defence: Defence): Answer<Row>[] {
  const answers = fulfilled(results);
  if (!defence.turnsReadersAway) return answers;
  const values = answers.filter(({ outcome }) => outcome !== 'shed');
  assert.ok(values.length > 0, 'every read was turned away');
  return values;
}

/** A read by a client that comes again when it is turned away, a few times. */
export async function readPatiently(bench: Bench, defence: Defence): Promise<Answer<Row>> {
  for (let triesLeft = defence.turnsReadersAway ? 5 : 0; ; triesLeft -= 1) {
    const answer = await bench.readers[0]!.read(KEY);
    if (answer.outcome !== 'shed' || triesLeft === 0) return answer;
    await bench.world.clock.sleep(bench.world.recomputeMs);
  }
}

/** Reads until the new version is served; an old value may be served once, while it is refreshed behind. */
async function assertSoonServes(bench: Bench, version: number): Promise<void> {
  const [reader] = bench.readers;
  const first = await reader!.read(KEY);
  if (first.version !== version) {
    await bench.idle();
    assertServes(await reader!.read(KEY), version);
  } else assertServes(first, version);
}

export const readCases: BenchCase[] = [
  {
    name: 'a cold read loads once and answers with the value',
    instances: 1,
    appliesTo: always,
    async run(bench) {
      const answer = await bench.readers[0]!.read(KEY);
      assertServes(answer, 1);
      assert.equal(answer.outcome, 'miss');
      assert.equal(bench.loads.length, 1);
      assert.equal(bench.loads[0]!.cause, 'miss');
      assert.ok(bench.loads[0]!.endedAtMs - bench.loads[0]!.startedAtMs >= bench.database.recomputeMs * 0.9);
    },
  },
  {
    name: 'a hit does not load',
    instances: 1,
    appliesTo: caches,
    async run(bench) {
      await bench.readers[0]!.read(KEY);
      const again = await bench.readers[0]!.read(KEY);
      assertServes(again, 1);
      assert.equal(again.outcome, 'hit');
      assert.equal(bench.database.loads, 1);
      assert.ok(again.ageMs >= 0 && again.ageMs < bench.world.ttlMs, `age ${again.ageMs} ms`);
    },
  },
  {
    name: 'after the expiry the value is loaded anew',
    instances: 1,
    appliesTo: always,
    async run(bench) {
      await bench.readers[0]!.read(KEY);
      bench.database.put(KEY, 2);
      await bench.world.clock.sleep(1.5 * bench.world.ttlMs);
      await assertSoonServes(bench, 2);
    },
  },
  {
    name: 'values of different keys are not mixed up',
    instances: 1,
    appliesTo: always,
    async run(bench) {
      const keys = Array.from({ length: 20 }, (_, i) => `product:${i}`);
      for (const [i, key] of keys.entries()) await bench.create(key, i + 1);
      for (let round = 0; round < 2; round++) {
        const answers = await Promise.all(keys.map((key) => bench.readers[0]!.read(key)));
        for (const [i, answer] of answers.entries()) assertServes(answer, i + 1, keys[i]);
      }
    },
  },
  {
    name: 'an entry of another key is taken as gone',
    instances: 1,
    appliesTo: caches,
    async run(bench) {
      const { clock, ttlMs } = bench.world;
      const now = clock.nowMs();
      const other = { value: rowOf('product:2', 9), version: 9, key: 'product:2', storedAtMs: now };
      const get = bench.store.get;
      const mixedUp = { ...other, expiresAtMs: now + ttlMs, recomputeMs: 1 };
      bench.store.get = async () => mixedUp as never;
      assertServes(await bench.readers[0]!.read(KEY), 1);
      bench.store.get = get;
      assert.ok(
        bench.lines.some((line) => line.includes('product:2')),
        'the mix-up is logged',
      );
    },
  },
  {
    name: 'a failing loader reaches the caller and is not remembered',
    instances: 1,
    appliesTo: always,
    async run(bench, defence) {
      bench.database.mood = 'fails';
      const results = await readAtOnce(bench, 5);
      for (const result of results) {
        const shed = result.status === 'fulfilled' && result.value.outcome === 'shed';
        const failed = result.status === 'rejected' && (result.reason as Error).message === DATABASE_ERROR;
        assert.ok(shed || failed, `a read under a failing loader: ${JSON.stringify(result)}`);
      }
      assert.ok(results[0]!.status === 'rejected', 'the reader that loads gets the error');
      const most = defence.scope === 'process' ? 1 : 5;
      assert.ok(bench.database.loads <= most, `${bench.database.loads} loads for 5 reads`);
      bench.database.mood = 'works';
      assertServes(await bench.readers[0]!.read(KEY), 1);
    },
  },
  {
    name: 'a slow loader is waited for',
    instances: 1,
    appliesTo: always,
    async run(bench, defence) {
      bench.database.recomputeMs *= 3;
      for (const answer of served(await readAtOnce(bench, 10), defence)) assertServes(answer, 1);
      assert.ok(bench.database.loads <= mostColdLoads(defence, 1, 10));
    },
  },
  ...(['hangs', 'deaf'] as const).map((mood): BenchCase => ({
    name: `a loader that ${mood === 'deaf' ? 'hangs and ignores its signal' : 'hangs'} does not poison the key`,
    instances: 1,
    appliesTo: always,
    async run(bench, defence) {
      bench.database.mood = mood;
      const hung = bench.readers[0]!.read(KEY).catch(() => null);
      // However slow the machine is, the load that is to hang must have begun.
      while (bench.database.loads === 0) await bench.world.clock.sleep(1);
      await bench.world.clock.sleep(bench.database.recomputeMs);
      bench.database.mood = 'works';
      const others = await readAtOnce(bench, 3);
      const first = await hung;
      assert.ok(first === null || first.value === null, 'a hung load ends without a value');
      for (const other of others)
        if (other.status === 'fulfilled' && !(defence.turnsReadersAway && other.value.outcome === 'shed'))
          assertServes(other.value, 1);
      assertServes(await bench.readers[0]!.read(KEY), 1);
    },
  })),
  {
    name: 'a row that does not exist is absent, and is found once it was created',
    instances: 1,
    appliesTo: always,
    async run(bench) {
      const [reader] = bench.readers;
      for (let i = 0; i < 2; i++) {
        const answer = await reader!.read('product:404');
        assert.equal(answer.value, null);
        assert.equal(answer.outcome, 'absent');
      }
      await bench.create('product:404', 1);
      await reader!.invalidate('product:404');
      assertServes(await reader!.read('product:404'), 1, 'product:404');
    },
  },
];
