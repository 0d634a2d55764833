import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineFault, type Fault, type FaultContext } from '../../contract/fault.ts';
import type { JournalEntry } from '../../contract/journal.ts';
import type { FaultEvent } from '../../contract/profile.ts';
import type { Clock } from '../../contract/time.ts';
import { runFaults } from './run-faults.ts';

/** Time that stands still until everything waits, and then jumps to the next timer. */
function virtualClock(): Clock {
  let nowMs = 1_000_000;
  const timers = new Set<{ atMs: number; fire(): void }>();
  const turn = (): void => {
    setTimeout(() => {
      const next = [...timers].sort((a, b) => a.atMs - b.atMs)[0];
      if (!next) return;
      timers.delete(next);
      nowMs = Math.max(nowMs, next.atMs);
      next.fire();
      turn();
    }, 1);
  };
  return {
    nowMs: () => nowMs,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const timer = { atMs: nowMs + ms, fire: resolve };
        signal?.addEventListener('abort', () => {
          if (timers.delete(timer)) reject(signal.reason as Error);
        });
        if (timers.size === 0) turn();
        timers.add(timer);
      });
    },
  };
}

interface Stage {
  log: string[];
  options: Parameters<typeof runFaults>[0];
  abort: AbortController;
}

/** A run whose proxies, journal and faults write what they do, with its time, into one log. */
function stage(events: FaultEvent[], faults: Fault[], removal: () => Promise<void> = async () => {}): Stage {
  const clock = virtualClock();
  const startMs = clock.nowMs();
  const log: string[] = [];
  const note = (what: string): void => void log.push(`${Math.round(clock.nowMs() - startMs)} ${what}`);
  const abort = new AbortController();
  const context = {
    clock,
    stack: {
      toxiproxy: {
        url: 'http://proxy',
        removeToxic: async (_proxy: string, toxic: string) => {
          await removal();
          note(`undo ${toxic}`);
        },
        addToxic: async (_proxy: string, toxic: { name: string }) => note(`inject ${toxic.name}`),
      },
    },
  } as unknown as FaultContext;
  return {
    log,
    abort,
    options: {
      events,
      faults: new Map(faults.map((fault) => [fault.id, fault])),
      context,
      measuredFromMs: startMs,
      journal: { runId: 'r', write: (entry: JournalEntry) => note(`journal ${entry.kind}`) },
      signal: abort.signal,
      onInject: (event, atMs) => note(`on-inject ${event.fault} at ${atMs - startMs}`),
      onHeal: (event, atMs) => note(`on-heal ${event.fault} at ${atMs - startMs}`),
      progress: () => {},
    },
  };
}

function slow(id: string, overrides: Partial<Fault> = {}): Fault {
  return defineFault({
    id,
    title: id,
    prose: '',
    incident: '',
    kind: 'lasting',
    needs: ['proxy'],
    parameters: z.object({ latencyMs: z.number().default(200) }),
    undo: () => [{ do: 'remove-toxic', toxiproxyUrl: 'http://proxy', proxy: 'redis-0', toxic: id }],
    inject: (context) =>
      context.stack.toxiproxy.addToxic('redis-0', {
        name: id,
        type: 'latency',
        stream: 'downstream',
        toxicity: 1,
        attributes: {},
      }),
    confirm: async () => ({ active: true, evidence: '4 connections slowed' }),
    ...overrides,
  });
}

test('the undo is journalled before the injection, and the fault lasts as long as planned', async () => {
  const { log, options } = stage([{ fault: 'a', atMs: 1_000, durationMs: 500 }], [slow('a')]);
  const [interval] = await runFaults(options);
  expect(log).toEqual([
    '1000 journal undo',
    '1000 on-inject a at 1000',
    '1000 inject a',
    '1500 undo a',
    '1500 journal healed',
    '1500 on-heal a at 1500',
  ]);
  expect(interval).toMatchObject({
    fault: 'a',
    plannedDurationMs: 500,
    confirmation: { active: true, evidence: '4 connections slowed' },
    error: null,
  });
  expect(interval!.healedAtMs - interval!.injectedAtMs).toBe(500);
});

test('faults overlap; the same one overlapping itself is refused before anything is injected', async () => {
  const overlapping = stage(
    [
      { fault: 'b', atMs: 300, durationMs: 1_000 },
      { fault: 'a', atMs: 100, durationMs: 500 },
    ],
    [slow('a'), slow('b')],
  );
  const intervals = await runFaults(overlapping.options);
  expect(intervals.map((one) => one.fault)).toEqual(['a', 'b']);
  expect(overlapping.log.filter((line) => / (inject|undo) /.test(line))).toEqual([
    '100 inject a',
    '300 inject b',
    '600 undo a',
    '1300 undo b',
  ]);

  const twice = stage(
    [
      { fault: 'a', atMs: 100, durationMs: 500 },
      { fault: 'a', atMs: 400, durationMs: 500 },
    ],
    [slow('a')],
  );
  await expect(runFaults(twice.options)).rejects.toMatchObject({ code: 'BAD_PLAN' });
  expect(twice.log).toEqual([]);
});

test('the same fault may follow itself without a gap: the heal comes before the next injection', async () => {
  const { log, options } = stage(
    [
      { fault: 'a', atMs: 0, durationMs: 500 },
      { fault: 'a', atMs: 500, durationMs: 500 },
    ],
    [slow('a')],
  );
  await runFaults(options);
  expect(log.filter((line) => / (inject|undo) /.test(line))).toEqual([
    '0 inject a',
    '500 undo a',
    '500 inject a',
    '1000 undo a',
  ]);
});

test('an abort heals at once, and what had not begun is not injected', async () => {
  const { log, options, abort } = stage(
    [
      { fault: 'a', atMs: 100, durationMs: 60_000 },
      { fault: 'b', atMs: 30_000, durationMs: 1_000 },
    ],
    [slow('a'), slow('b')],
  );
  const running = runFaults(options);
  await options.context.clock.sleep(2_000);
  abort.abort(new Error('Ctrl-C'));
  const [a, b] = await running;
  expect(log.filter((line) => / (inject|undo) |healed/.test(line))).toEqual([
    '100 inject a',
    '2000 undo a',
    '2000 journal healed',
  ]);
  expect(a).toMatchObject({ error: null, confirmation: { active: true } });
  expect(b).toMatchObject({ confirmation: { active: false }, error: expect.stringContaining('stopped') });
});

test('an injection that fails or hangs is recorded and taken back, never thrown', async () => {
  const failing = stage(
    [{ fault: 'a', atMs: 0, durationMs: 500 }],
    [slow('a', { inject: () => Promise.reject(new Error('proxy not found')) })],
  );
  const [failed] = await runFaults(failing.options);
  expect(failed).toMatchObject({ error: 'injection failed: proxy not found', confirmation: { active: false } });
  expect(failing.log).toContain('0 undo a');

  const hanging = stage(
    [{ fault: 'a', atMs: 0, durationMs: 500 }],
    [slow('a', { inject: () => new Promise(() => {}) })],
  );
  const [hung] = await runFaults(hanging.options);
  expect(hung!.error).toMatch(/longer than 15000 ms/);
  expect(hanging.log).toContain('15000 undo a');
});

test('a heal is tried again; one that never succeeds is an error, and stays in the journal', async () => {
  let attempts = 0;
  const flaky = stage([{ fault: 'a', atMs: 0, durationMs: 100 }], [slow('a')], () =>
    ++attempts < 3 ? Promise.reject(new Error('connection refused')) : Promise.resolve(),
  );
  expect((await runFaults(flaky.options))[0]!.error).toBeNull();
  expect(flaky.log).toContain('700 journal healed');

  const stuck = stage([{ fault: 'a', atMs: 0, durationMs: 100 }], [slow('a')], () =>
    Promise.reject(new Error('connection refused')),
  );
  expect((await runFaults(stuck.options))[0]!.error).toMatch(/could not be taken back: remove toxic a from redis-0/);
  expect(stuck.log.some((line) => /healed|on-heal/.test(line))).toBe(false);
});

test('a fault that touched nothing when last looked at is not active, unless it was seen before', async () => {
  const looks = [
    { active: false, evidence: 'nothing yet' },
    { active: true, evidence: '2 connections' },
  ];
  const late = stage([{ fault: 'a', atMs: 0, durationMs: 500 }], [slow('a', { confirm: async () => looks.shift()! })]);
  expect((await runFaults(late.options))[0]!.confirmation).toEqual({ active: true, evidence: '2 connections' });

  const throwing = stage(
    [{ fault: 'a', atMs: 0, durationMs: 500 }],
    [slow('a', { confirm: () => Promise.reject(new Error('no answer')) })],
  );
  expect((await runFaults(throwing.options))[0]!.confirmation).toEqual({
    active: false,
    evidence: 'could not be confirmed: no answer',
  });
});

test('unknown faults and parameters are refused before anything is injected', async () => {
  const known = [slow('a')];
  await expect(runFaults(stage([{ fault: 'x', atMs: 0, durationMs: 1 }], known).options)).rejects.toMatchObject({
    code: 'UNKNOWN_NAME',
  });
  for (const parameters of [{ latencyMs: 'much' }, { latencyMS: 5 }])
    await expect(
      runFaults(stage([{ fault: 'a', atMs: 0, durationMs: 1, parameters }], known).options),
    ).rejects.toMatchObject({ code: 'BAD_PARAMETER', hint: 'parameters: latencyMs' });
});
