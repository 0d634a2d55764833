import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineDefence, type GuardLayer, type TierLayer } from '../../harness/contract/defence.ts';
import type { Entry } from '../../harness/contract/store.ts';
import { HOT, withBench } from '../defences/_bench.ts';
import type { StackMember } from './stack.ts';

function member(layer: 'guard' | 'tier', filling: GuardLayer | TierLayer): StackMember {
  const texts = { title: 't', prose: 'p', source: 's' };
  const defence = defineDefence({
    ...texts,
    id: `test-${layer}`,
    layer,
    parameters: z.object({}),
    needs: [],
    create: () => filling as GuardLayer & TierLayer,
  });
  return { defence, parameters: {} };
}

test('a guard is told of every operation of the cache, how long it took, and whether it failed', () => {
  const told: string[] = [];
  const guard: GuardLayer = {
    ask: (_key, load) => load(),
    cacheAnswered: (tookMs) => told.push(`answered ${tookMs.toFixed(1)}`),
    cacheFailed: (error, tookMs) => told.push(`${(error as Error).message} ${tookMs.toFixed(0)}`),
  };
  return withBench([member('guard', guard)], 1, async ({ burst, store }) => {
    await burst(1);
    expect(told).toEqual(['answered 0.2', 'answered 0.2']); // the look and the fill
    store.away = true;
    await burst(1);
    expect(told.slice(2)).toEqual(['Command timed out 50']); // a bypass does not fill
  });
});

test('a cache that may not be asked costs no time and is not asked, but invalidations still reach it', () => {
  const guard: GuardLayer = { ask: (_key, load) => load(), mayAskCache: () => false };
  return withBench([member('guard', guard)], 1, async ({ readers, store, world, cachedVersion }) => {
    await store.set(
      { key: HOT, value: 'v', version: 1, storedAtMs: 0, expiresAtMs: 60_000, recomputeMs: 1 },
      { keepMs: 60_000 },
    );
    const fromMs = world.clock.nowMs();
    expect((await readers[0]!.read(HOT)).outcome).toBe('bypass');
    expect(world.clock.nowMs() - fromMs).toBe(100); // the load alone
    expect(await cachedVersion()).toBe(1);
    await readers[0]!.invalidate(HOT);
    expect(await cachedVersion()).toBeNull();
  });
});

test('what a tier of this process still holds is served while the cache behind it may not be asked', () => {
  const told: number[] = [];
  let open = false;
  const guard: GuardLayer = {
    ask: (_key, load) => load(),
    mayAskCache: () => !open,
    cacheAnswered: (tookMs) => told.push(tookMs),
  };
  const kept = new Map<string, Entry<unknown>>();
  const tier: TierLayer = {
    over: (store) => ({
      ...store,
      async get<T>(key: string) {
        const entry = kept.get(key) ?? (await store.get(key));
        if (entry) kept.set(key, entry);
        return entry as Entry<T> | null;
      },
    }),
  };
  return withBench([member('guard', guard), member('tier', tier)], 1, async ({ burst, readers }) => {
    await burst(1);
    await burst(1);
    const before = told.length;
    open = true;
    expect((await readers[0]!.read(HOT)).outcome).toBe('hit');
    expect(told).toHaveLength(before); // a hit in memory says nothing about the cache
  });
});

test('where a load is refused, what was last seen is served as stale, and nothing after an invalidation', () => {
  let refuses = false;
  const seen = new Map<string, Entry<unknown>>();
  const guard: GuardLayer = {
    async ask(_key, load) {
      if (refuses) throw new Error('refused');
      return load();
    },
    seen: (entry) => void seen.set(entry.key, entry),
    lastSeen: (key) => seen.get(key) ?? null,
    forget: (key) => void seen.delete(key),
  };
  return withBench([member('guard', guard)], 1, async ({ readers, store }) => {
    await readers[0]!.read(HOT);
    refuses = true;
    store.away = true;
    expect(await readers[0]!.read(HOT)).toMatchObject({ outcome: 'stale', version: 1 });
    await readers[0]!.invalidate(HOT).catch(() => null);
    expect((await readers[0]!.read(HOT)).outcome).toBe('shed');
  });
});

test('a guard is told why a load is made', () => {
  const causes: string[] = [];
  const guard: GuardLayer = {
    ask(_key, load, cause) {
      causes.push(cause);
      return load();
    },
  };
  return withBench([member('guard', guard)], 1, async ({ readers, store }) => {
    await readers[0]!.read(HOT);
    await readers[0]!.refresh(HOT);
    store.away = true;
    await readers[0]!.read(HOT);
    expect(causes).toEqual(['miss', 'behind', 'bypass']);
  });
});
