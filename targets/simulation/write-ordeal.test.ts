import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { WorkQueue, WriteStrategy } from '../../harness/contract/write.ts';
import { loadModules } from '../../harness/kit/load-modules.ts';
import { explainWriteOrdeal, runWriteOrdeal } from './write-ordeal.ts';

/** Half of them with an outage. */
const SEEDS = 1000;
const writes = await loadModules<WriteStrategy>(fileURLToPath(new URL('../writes/', import.meta.url)), 'writeStrategy');

test.each(['versioned-write', 'write-through', 'lease-invalidate'])(
  '%s: after an acknowledged write nothing older is served, and no write is lost',
  { timeout: 60_000 },
  async (id) => {
    const strategy = writes.get(id)!;
    let written = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const ordeal = await runWriteOrdeal(strategy, seed);
      written += ordeal.history.writes.length;
      const violated = explainWriteOrdeal(strategy, ordeal);
      if (violated) expect.fail(violated);
    }
    expect(written).toBeGreaterThan(SEEDS);
  },
);

test.each(['invalidate-after-write', 'delete-before-write', 'double-delete', 'update-after-write', 'write-around'])(
  '%s, known failure: some seed serves an older value than the one acknowledged, and shows it again',
  { timeout: 60_000 },
  async (id) => {
    const strategy = writes.get(id)!;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const violated = explainWriteOrdeal(strategy, await runWriteOrdeal(strategy, seed));
      if (violated === null) continue;
      expect(violated).toContain('the old value is not served');
      expect(violated).toContain(`seed ${seed} `);
      expect(explainWriteOrdeal(strategy, await runWriteOrdeal(strategy, seed))).toBe(violated);
      return;
    }
    expect.fail(`no seed of ${SEEDS} shows it`);
  },
);

test(
  'write-behind: nothing acknowledged is lost but with the cache, in the order of versions, once, and only the hopeless is put aside',
  {
    timeout: 120_000,
  },
  async () => {
    const strategy = writes.get('write-behind')!;
    const seen = { crashes: 0, repeats: 0, burials: 0, forgotten: 0, full: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const ordeal = await runWriteOrdeal(strategy, seed);
      const violated = explainWriteOrdeal(strategy, ordeal);
      if (violated) expect.fail(violated);
      const { notes, history } = ordeal;
      seen.crashes += history.crashes.length;
      seen.repeats += notes.repeats;
      seen.burials += notes.burials.length;
      seen.forgotten += notes.forgotten.reduce((sum, { messages }) => sum + messages, 0);
      seen.full += notes.longest >= 6 ? 1 : 0;
    }
    // None of the promises holds because it was never tried.
    for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(10);
  },
);

test(
  'event-invalidation: behind by the lag of a listener, by the TTL where an event was lost, and never for longer',
  {
    timeout: 120_000,
  },
  async () => {
    const strategy = writes.get('event-invalidation')!;
    let written = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const ordeal = await runWriteOrdeal(strategy, seed);
      const violated = explainWriteOrdeal(strategy, ordeal);
      if (violated) expect.fail(violated);
      written += ordeal.history.commits.length;
    }
    expect(written).toBeGreaterThan(SEEDS);
  },
);

/** The first seed that shows a violation of this invariant by a strategy that was spoilt on purpose. */
async function foundOut(spoilt: WriteStrategy, invariant: string): Promise<void> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations } = await runWriteOrdeal(spoilt, seed);
    if (violations.some((violation) => violation.invariant.includes(invariant))) return;
  }
  expect.fail(`no seed of ${SEEDS} violates: ${invariant}`);
}

/** The same strategy over a queue of which something is changed. */
function over(id: string, change: (queue: WorkQueue) => Partial<WorkQueue>): WriteStrategy {
  const strategy = writes.get(id)!;
  const changed = (queue: WorkQueue): WorkQueue => ({ ...queue, ...change(queue) });
  return {
    ...strategy,
    create: (context) =>
      strategy.create({
        ...context,
        queue: (name) => changed(context.queue(name)),
        outbox: () => changed(context.outbox()),
      }),
  };
}

test('a worker that acknowledges before it has stored, and one that gives up too soon, are found out', async () => {
  const eager = over('write-behind', ({ take, acknowledge }) => ({
    async take(options, signal) {
      const messages = await take(options, signal);
      await acknowledge(messages.map(({ id }) => id));
      return messages;
    },
  }));
  await foundOut(eager, 'no acknowledged write is lost');
  const hasty = over('write-behind', ({ take, bury }) => ({
    take: async (options, signal) => (await take(options, signal)).map((one) => ({ ...one, deliveries: 99 })),
    bury: (message, reason) => bury({ ...message, deliveries: 1 }, reason),
  }));
  await foundOut(hasty, 'not before its last delivery');
});

test('a queue without a limit, and a listener that never takes over, are found out', async () => {
  await foundOut(
    over('write-behind', ({ append }) => ({ append: (body) => append(body, 1e6) })),
    'no more writes wait',
  );
  const forgetful = over('event-invalidation', ({ take }) => ({
    take: (options, signal) => take({ ...options, takeOverMs: 1e9 }, signal),
  }));
  await foundOut(forgetful, 'the cache is told of each change');
});
