/** The fault on a real process: frozen and thawed, killed and started anew, and confirmed by what the system says of it. */
import { randomBytes } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import type { StartedService } from '../contract/environment.ts';
import type { Fault, FaultContext, FaultInterval } from '../contract/fault.ts';
import type { JournalEntry } from '../contract/journal.ts';
import { testContext, tinyPlan, tinyTarget } from '../environment/fixtures/tiny-target.ts';
import { Keeper } from '../environment/keeper.ts';
import { startServiceProcesses } from '../environment/service-processes.ts';
import { realClock } from '../kit/clock.ts';
import { runFaults } from './engine/run-faults.ts';
import { processIsStopped } from './engine/process-state.ts';
import refresherDown from './refresher-down.ts';

const context = testContext(`test-refresher-${randomBytes(4).toString('hex')}`);
const keeper = new Keeper(context.journal);

afterAll(async () => {
  await keeper[Symbol.asyncDispose]();
  context.end();
});

function service(helpers: string[]): Promise<StartedService> {
  const { folder, signal } = context;
  const addresses = () => ({ redisUrl: 'redis://127.0.0.1:1', postgresUrl: 'postgres://127.0.0.1:1/none' });
  const entry = 'harness/environment/fixtures/tiny-service';
  const target = { ...tinyTarget(), helpers: () => helpers.map((name) => ({ name, entry })) };
  return startServiceProcesses({ keeper, folder, signal, instances: 1, addresses }, tinyPlan, target);
}

async function inject(
  running: StartedService,
  how: string,
  during: () => void,
): Promise<{ interval: FaultInterval; journal: string[] }> {
  const journal: JournalEntry[] = [];
  const done = runFaults({
    events: [{ fault: 'refresher-down', atMs: 0, durationMs: 600, parameters: { how } }],
    faults: new Map<string, Fault>([['refresher-down', refresherDown]]),
    context: {
      clock: realClock,
      stack: { toxiproxy: {} },
      helpers: running.helpers ?? [],
    } as unknown as FaultContext,
    measuredFromMs: realClock.nowMs(),
    journal: { runId: 'r', write: (entry) => void journal.push(entry) },
    signal: new AbortController().signal,
    onInject: () => {},
    onHeal: () => {},
    progress: () => {},
  });
  await realClock.sleep(300);
  during();
  const [interval] = await done;
  return { interval: interval!, journal: journal.map(({ kind }) => kind) };
}

test('frozen: stands still for the time of the fault, and goes on afterwards as the same process', async () => {
  await using running = await service(['refresher']);
  const [helper] = running.helpers!;
  const { pid } = helper!;
  const { interval, journal } = await inject(running, 'freeze', () => expect(processIsStopped(pid!)).toBe(true));
  expect(interval).toMatchObject({ error: null, confirmation: { active: true, evidence: `worker ${pid} is stopped` } });
  expect([processIsStopped(pid!), helper!.pid]).toEqual([false, pid]);
  expect(journal).toEqual(['undo', 'healed']);
});

test('killed: gone for the time of the fault, then a new process; the run itself goes on', async () => {
  await using running = await service(['refresher']);
  const [helper] = running.helpers!;
  const { pid } = helper!;
  const { interval } = await inject(running, 'kill', () => expect(helper!.pid).toBeNull());
  expect(interval).toMatchObject({ error: null, confirmation: { active: true, evidence: `worker ${pid} has ended` } });
  expect(helper!.pid).not.toBeNull();
  expect(helper!.pid).not.toBe(pid);
  const died = await Promise.race([running.died.catch(() => 'died'), realClock.sleep(50).then(() => 'lives')]);
  expect(died).toBe('lives');
});

test('without a worker the fault says what is missing', async () => {
  await using running = await service([]);
  const { interval } = await inject(running, 'freeze', () => {});
  expect(interval.error).toContain('there is no refresh worker in this run');
});

test('a helper that does not come up is an error with its last words, and nothing is left running', async () => {
  const { folder, signal } = context;
  const addresses = () => ({ redisUrl: '', postgresUrl: '' });
  const target = { ...tinyTarget(), helpers: () => [{ name: 'refresher', entry: 'targets/shop/refresh-worker' }] };
  await expect(
    startServiceProcesses({ keeper, folder, signal, instances: 1, addresses }, tinyPlan, target),
  ).rejects.toMatchObject({
    code: 'SERVICE_FAILED',
    message: expect.stringContaining('REDIS_URL is not set'),
  });
});
