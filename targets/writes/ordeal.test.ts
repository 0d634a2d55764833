/** The same random traffic for every strategy, seed by seed: what the naive ones show now and then, the others never do. */
import { expect, test } from 'vitest';
import type { WriteStrategy } from '../../harness/contract/write.ts';
import { seededRandom } from '../../harness/kit/random.ts';
import { createWorld } from './_world.ts';
import deleteBeforeWrite from './delete-before-write.ts';
import doubleDelete from './double-delete.ts';
import eventInvalidation from './event-invalidation.ts';
import invalidateAfterWrite from './invalidate-after-write.ts';
import leaseInvalidate from './lease-invalidate.ts';
import updateAfterWrite from './update-after-write.ts';
import versionedWrite from './versioned-write.ts';
import writeAround from './write-around.ts';
import writeBehind from './write-behind.ts';
import writeThrough from './write-through.ts';

const SEEDS = 60;
const KEYS = ['product:1', 'product:2'];

interface Seen {
  /** Keys that readers are served an older version of than the row's, long after the last write. */
  staleAtEnd: number;
  /** Reads that were given less than a write that had been acknowledged before they were sent. */
  missedWrites: number;
  lost: number;
}

async function ordeal(strategy: WriteStrategy, seed: number): Promise<Seen> {
  const random = seededRandom(seed, 'write-ordeal');
  const between = (low: number, high: number) => (): number => low + (high - low) * random.next();
  const world = await createWorld({
    strategy,
    instances: 3,
    seed,
    ttlMs: 20_000,
    loadMs: between(5, 120),
    commitMs: between(1, 20),
    answerMs: between(0, 3),
    cacheMs: between(0.1, 2),
  });
  const { clock, instances, rows } = world;
  const acknowledged = new Map<string, number>();
  const ids: string[] = [];
  let missedWrites = 0;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]!;
  const request = async (n: number): Promise<void> => {
    const [key, instance] = [pick(KEYS), pick(instances)];
    if (random.next() < 0.15) {
      const written = await instance.write(key, `w${n}`);
      ids.push(`w${n}`);
      acknowledged.set(key, Math.max(written!.version, acknowledged.get(key) ?? 0));
    } else {
      const wanted = acknowledged.get(key) ?? 0;
      if ((await instance.read(key)).version < wanted) missedWrites += 1;
    }
  };
  const under: Promise<void>[] = [];
  for (let n = 0; n < 150; n++) {
    under.push(request(n));
    await clock.run(clock.nowMs() - Math.log(1 - random.next()) * 8);
  }
  await clock.finish(Promise.all(under));
  await clock.run(clock.nowMs() + 1000);
  let staleAtEnd = 0;
  for (const key of KEYS)
    for (const instance of instances)
      if ((await clock.finish(instance.read(key))).version < rows.row(key).version) staleAtEnd += 1;
  const stored = new Set(rows.history.map(({ writeId }) => writeId));
  return { staleAtEnd, missedWrites, lost: ids.filter((id) => !stored.has(id)).length };
}

async function allSeeds(strategy: WriteStrategy): Promise<Seen> {
  const sum: Seen = { staleAtEnd: 0, missedWrites: 0, lost: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const seen = await ordeal(strategy, seed);
    for (const name of ['staleAtEnd', 'missedWrites', 'lost'] as const) sum[name] += seen[name];
  }
  return sum;
}

test.each([invalidateAfterWrite, deleteBeforeWrite, updateAfterWrite, writeAround] as WriteStrategy[])(
  '$id: stale long after the last write, and an acknowledged write that readers miss',
  async (strategy) => {
    const seen = await allSeeds(strategy);
    expect(seen.staleAtEnd).toBeGreaterThan(0);
    expect(seen.missedWrites).toBeGreaterThan(0);
    expect(seen.lost).toBe(0);
  },
);

test.each([versionedWrite, writeThrough, leaseInvalidate, writeBehind] as WriteStrategy[])(
  '$id: in no seed',
  async (strategy) => expect(await allSeeds(strategy)).toEqual({ staleAtEnd: 0, missedWrites: 0, lost: 0 }),
);

test('double-delete: missed until the second delete, and right in the end where no load outlasts its delay', async () => {
  const { missedWrites, ...rest } = await allSeeds(doubleDelete);
  expect(rest).toEqual({ staleAtEnd: 0, lost: 0 });
  expect(missedWrites).toBeGreaterThan(0);
});

test('event-invalidation: behind by its lag, so that a write may be missed, and never stale in the end', async () => {
  const { missedWrites, ...rest } = await allSeeds(eventInvalidation);
  expect(rest).toEqual({ staleAtEnd: 0, lost: 0 });
  expect(missedWrites).toBeGreaterThan(0);
});
