import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Defence } from '../../harness/contract/defence.ts';
import type { Promises } from '../../harness/simulate/invariants.ts';
import type { Entry, Store } from '../../harness/contract/store.ts';
import { loadModules } from '../../harness/kit/load-modules.ts';
import singleFlight from '../defences/single-flight.ts';
import lockWait from '../defences/lock-wait.ts';
import type { StackMember } from '../reader/stack.ts';
import { explainOrdeal, runOrdeal, shortened } from './ordeal.ts';

/** Half of them with an outage. */
const SEEDS = 1000;
const defences = await loadModules<Defence>(fileURLToPath(new URL('../defences/', import.meta.url)), 'defence');

/** The first seed that shows a violation of this invariant; fails where none of them does. */
async function firstViolation(
  stack: readonly StackMember[],
  invariant: string,
  promised: Partial<Promises> = {},
): Promise<number> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations } = await runOrdeal(stack, seed, promised);
    if (violations.some((violation) => violation.invariant.includes(invariant))) return seed;
  }
  return expect.fail(`no seed of ${SEEDS} violates: ${invariant}`);
}

for (const defence of defences.values())
  test(`${defence.id} keeps its promises in ${SEEDS} ordeals`, { timeout: 60_000 }, async () => {
    const stack = [shortened(defence)];
    let crashes = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const ordeal = await runOrdeal(stack, seed);
      crashes += ordeal.history.crashes.length;
      const violated = explainOrdeal(stack, ordeal);
      if (violated) expect.fail(violated);
    }
    expect(crashes).toBeGreaterThan(SEEDS / 2);
  });

test.each([
  'single-flight+jitter',
  'xfetch+lock-wait',
  'stale-while-revalidate+single-flight',
  'lock-stale+single-flight',
])('%s keeps its promises together', async (text) => {
  const stack = text.split('+').map((id) => shortened(defences.get(id)!));
  for (let seed = 1; seed <= 100; seed++) {
    const violated = explainOrdeal(stack, await runOrdeal(stack, seed));
    if (violated) expect.fail(violated);
  }
});

test.each([
  { id: 'warm-up', process: /^instance/, when: (atMs: number) => atMs < 0 },
  { id: 'proactive-push', process: /^instance/, when: (atMs: number) => atMs >= 0 },
  { id: 'external-refresh', process: /^companion/, when: (atMs: number) => atMs >= 0 },
])('$id works in the ordeals, and dies in them', async ({ id, process, when }) => {
  const stack = [shortened(defences.get(id)!)];
  let own = 0;
  let plain = 0;
  let deaths = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const { history } = await runOrdeal(stack, seed);
    const read = (key: string, name: string, atMs: number): boolean =>
      history.reads.some(
        (one) => one.key === key && one.process === name && one.startedAtMs <= atMs && one.endedAtMs >= atMs,
      );
    // A load for which no reader of this process waited.
    for (const { key, process: name, askedAtMs } of history.queries)
      if (process.test(name) && when(askedAtMs) && !read(key, name, askedAtMs)) own += 1;
      else plain += 1;
    deaths += history.crashes.filter((crash) => process.test(crash.process)).length;
  }
  expect(own).toBeGreaterThan(20);
  expect(plain).toBeGreaterThan(20);
  expect(deaths).toBeGreaterThan(5);
});

test('outages of every kind are felt: readers pass the cache by, writes fail, memory is lost', async () => {
  const stack = [shortened(lockWait)];
  const bypassed = new Map<string, number>();
  let emptied = 0;
  for (let seed = 2; seed <= 200; seed += 2) {
    const { history } = await runOrdeal(stack, seed);
    const [outage] = history.outages;
    const past = history.reads.filter(({ answer }) => answer?.outcome === 'bypass').length;
    bypassed.set(outage!.kind, (bypassed.get(outage!.kind) ?? 0) + past);
    if (outage!.losesMemory) emptied += 1;
  }
  for (const kind of ['refused', 'silent', 'answers lost']) expect(bypassed.get(kind), kind).toBeGreaterThan(50);
  expect(emptied).toBeGreaterThan(10);
});

test('a seed repeats its history to the last event, and another seed does not', async () => {
  const stack = [shortened(lockWait)];
  const [once, again, other] = [await runOrdeal(stack, 7), await runOrdeal(stack, 7), await runOrdeal(stack, 8)];
  expect(again.history).toEqual(once.history);
  expect(other.history.reads).not.toEqual(once.history.reads);
});

test('a violation names its seed, and that seed shows it again', async () => {
  const stack = [{ defence: defences.get('cache-aside')!, parameters: {} }];
  const promised = { afterInvalidation: 'always' } as const;
  const seed = await firstViolation(stack, 'after an acknowledged invalidation', promised);
  const once = explainOrdeal(stack, await runOrdeal(stack, seed, promised));
  expect(once).toContain(`--defence cache-aside --seed ${seed}`);
  expect(explainOrdeal(stack, await runOrdeal(stack, seed, promised))).toBe(once);
});

// Wrong on purpose: each shows that an invariant can fail, and that the ordeals reach it.

test('cache-aside, known failure: what is cached goes back to an older version', () =>
  firstViolation([{ defence: defences.get('cache-aside')!, parameters: {} }], 'does not go back', {
    cachedVersion: 'never goes back',
  }));

test('single-flight, known failure: across instances the old value survives an invalidation', () =>
  firstViolation([shortened(singleFlight)], 'after an acknowledged invalidation', { afterInvalidation: 'always' }));

test('single-flight without forget is found out', async () => {
  const create: typeof singleFlight.create = (context) => {
    const { forget: _, ...layer } = singleFlight.create!(context);
    return layer;
  };
  await firstViolation([shortened({ ...singleFlight, create })], 'after an acknowledged');
});

test('a lock whose fill is not guarded by its token is found out', async () => {
  const create: typeof lockWait.create = (context) => {
    const layer = lockWait.create!(context);
    return { ...layer, lead: (request) => layer.lead({ ...request, produce: () => request.produce() }) };
  };
  await firstViolation([shortened({ ...lockWait, create })], 'after an acknowledged');
});

test('a lock that outlives its TTL by far is found out by those who wait for a dead holder', async () => {
  const create: typeof lockWait.create = (context) =>
    lockWait.create!({
      ...context,
      store: { ...context.store, lock: (key, token, ttlMs) => context.store.lock(key, token, 4 * ttlMs) },
    });
  await firstViolation([shortened({ ...lockWait, create })], 'a dead holder');
});

test('a coordination that lets everybody load is found out', async () => {
  const create: typeof lockWait.create = () => ({ scope: 'cluster', lead: ({ produce }) => produce() });
  await firstViolation([shortened({ ...lockWait, create })], 'queries of one key at once');
});

test('a reader that waits for ever, serves another key or outlives the TTL is found out', async () => {
  const { freshness, hang, swap } = brokenOnes();
  await firstViolation([{ defence: hang, parameters: {} }], 'waits for ever');
  await firstViolation([{ defence: swap, parameters: {} }], 'names its key');
  await firstViolation([{ defence: freshness, parameters: {} }], 'after TTL and keep');
});

test('a guard that never tries the cache again, and a tier that keeps copies for ever, are found out', async () => {
  const base = { ...lockWait, needs: [], parameters: singleFlight.parameters.pick({}) };
  let away = new WeakSet<object>();
  const gone = {
    ...base,
    layer: 'guard',
    scope: undefined,
    create() {
      const guard = {
        ask: (_: string, load: () => Promise<unknown>) => load(),
        mayAskCache: () => !away.has(guard),
        cacheFailed: () => void away.add(guard),
      };
      return guard;
    },
  } as unknown as Defence;
  await firstViolation([{ defence: gone, parameters: {} }], 'the cache is used again');
  away = new WeakSet();
  const forever = {
    ...base,
    layer: 'tier',
    scope: undefined,
    create: ({ clock }: { clock: { nowMs(): number } }) => ({
      over(store: Store): Store {
        const copies = new Map<string, Entry<unknown>>();
        return {
          ...store,
          async get<T>(key: string): Promise<Entry<T> | null> {
            const entry = copies.get(key) ?? (await store.get(key));
            if (!entry) return null;
            copies.set(key, entry);
            // Says that it is young, so that only the database knows better.
            const nowMs = clock.nowMs();
            return { ...entry, value: entry.value as T, storedAtMs: nowMs, expiresAtMs: nowMs + 1 };
          },
        };
      },
    }),
  } as unknown as Defence;
  await firstViolation([{ defence: forever, parameters: {} }], 'nobody is behind');
});

function brokenOnes(): Record<'freshness' | 'hang' | 'swap', Defence> {
  const base = { ...lockWait, needs: [], scope: 'process', parameters: singleFlight.parameters.pick({}) };
  return {
    hang: {
      ...base,
      create: ({ random }: { random: { next(): number } }) => ({
        scope: 'process',
        lead: ({ produce }: { produce: () => Promise<unknown> }) =>
          random.next() < 0.05 ? new Promise(() => {}) : produce(),
      }),
    } as unknown as Defence,
    swap: {
      ...base,
      create: () => {
        let last: unknown = null;
        return {
          scope: 'process',
          lead: async ({ produce }: { produce: () => Promise<unknown> }) => {
            const before = last;
            last = await produce();
            return before ?? last;
          },
        };
      },
    } as unknown as Defence,
    // Whatever the store still holds is taken as fresh: kept for longer than anybody promised.
    freshness: {
      ...base,
      layer: 'freshness',
      scope: undefined,
      create: ({ store }: { store: Store }) => {
        const { set } = store;
        store.set = (entry, options) => set(entry, { ...options, keepMs: 10_000 });
        return { judge: () => ({ is: 'fresh' }) };
      },
    } as unknown as Defence,
  };
}
