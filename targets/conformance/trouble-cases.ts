/** Invalidation in the middle of a load, a store that goes away, and several instances side by side. */
import assert from 'node:assert/strict';
import type { Defence } from '../../harness/contract/defence.ts';
import type { Bench } from './bench.ts';
import {
  assertServes,
  type BenchCase,
  caches,
  fulfilled,
  KEY,
  mostColdLoads,
  readAtOnce,
  readPatiently,
  served,
} from './read-cases.ts';

const always = (): boolean => true;

/**
 * A write and its invalidation by instance `writer` in the middle of a load by instance 0, then a new read. The old
 * load is the slower one: it ends last, and must not have the last word.
 */
async function invalidateDuringLoad(bench: Bench, writer: number): Promise<void> {
  const { readers, database, world } = bench;
  const { recomputeMs } = database;
  database.recomputeMs = 2.5 * recomputeMs;
  const old = readers[0]!.read(KEY);
  await world.clock.sleep(recomputeMs / 2);
  database.recomputeMs = recomputeMs;
  database.put(KEY, 2);
  await readers[writer]!.invalidate(KEY);
  assertServes(await readers[writer]!.read(KEY), 2);
  await old;
  await bench.idle();
}

export const troubleCases: BenchCase[] = [
  {
    name: 'a read that begins after an invalidation never gets the load that began before it',
    instances: 1,
    appliesTo: always,
    run: (bench) => invalidateDuringLoad(bench, 0),
  },
  {
    name: 'a load that began before an invalidation does not fill the cache with the old value',
    instances: 1,
    // Cache-aside has this race; whoever decides who may load promises to close it.
    appliesTo: ({ layer }) => layer === 'coordination',
    async run(bench) {
      await invalidateDuringLoad(bench, 0);
      assertServes(await bench.readers[0]!.read(KEY), 2);
    },
  },
  {
    name: 'nor where another instance invalidated',
    instances: 2,
    appliesTo: ({ scope }) => scope === 'cluster',
    async run(bench) {
      await invalidateDuringLoad(bench, 1);
      for (const reader of bench.readers) assertServes(await reader.read(KEY), 2);
    },
  },
  {
    name: 'while the store is away reads are answered from the database, and it is used again afterwards',
    instances: 2,
    appliesTo: caches,
    async run(bench, defence) {
      const { readers, store, database } = bench;
      await readers[0]!.read(KEY);
      store.away = true;
      database.put(KEY, 2);
      const before = database.loads;
      const answers = fulfilled(await readAtOnce(bench, 10));
      for (const answer of answers) {
        assertServes(answer, 2);
        assert.equal(answer.outcome, 'bypass');
      }
      // Coordination inside a process does not need the store.
      const most = defence.scope === 'process' ? readers.length : 10;
      assert.ok(database.loads - before <= most, `${database.loads - before} loads`);
      assert.ok(bench.loads.slice(1).every(({ cause, filled }) => cause === 'bypass' && !filled));
      store.away = false;
      await readers[0]!.invalidate(KEY);
      assertServes(await readers[0]!.read(KEY), 2);
      const loads = database.loads;
      const hit = await readers[1]!.read(KEY);
      assert.deepEqual([hit.outcome, database.loads - loads], ['hit', 0]);
    },
  },
  {
    name: 'a store that goes away during the load fails no read',
    instances: 1,
    appliesTo: caches,
    async run(bench, defence) {
      bench.database.recomputeMs *= 3;
      const reads = readAtOnce(bench, 5);
      await bench.world.clock.sleep(bench.world.recomputeMs / 2);
      bench.store.away = true;
      for (const answer of served(await reads, defence)) assertServes(answer, 1);
      assert.ok(bench.loads.every(({ filled }) => !filled));
      bench.store.away = false;
      assertServes(await readPatiently(bench, defence), 1);
    },
  },
  ...[2, 4].map((instances): BenchCase => ({
    name: `${instances} instances read the same value, and a stampede costs no more than promised`,
    instances,
    appliesTo: always,
    async run(bench, defence: Defence) {
      const reads = 10 * instances;
      for (const answer of served(await readAtOnce(bench, reads), defence)) assertServes(answer, 1);
      assert.ok(
        bench.database.loads <= mostColdLoads(defence, instances, reads),
        `${bench.database.loads} loads for ${reads} concurrent cold reads on ${instances} instances`,
      );
      const loads = bench.database.loads;
      for (const answer of fulfilled(await readAtOnce(bench, reads))) assertServes(answer, 1);
      if (caches(defence)) assert.equal(bench.database.loads, loads, 'a value that one instance stored serves all');
    },
  })),
  {
    name: 'every load is reported once, with its key, cause and times',
    instances: 2,
    appliesTo: always,
    async run(bench) {
      await readAtOnce(bench, 10);
      await bench.create('product:2', 1);
      bench.database.mood = 'fails';
      await bench.readers[0]!.read('product:2').catch(() => null);
      await bench.idle();
      assert.equal(bench.loads.length, bench.database.loads);
      for (const load of bench.loads) assert.ok(load.endedAtMs > load.startedAtMs);
      assert.deepEqual(
        bench.loads.filter(({ ok }) => !ok).map(({ key, filled }) => [key, filled]),
        [['product:2', false]],
      );
    },
  },
];
