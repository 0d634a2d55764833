/** The instances of a target as local processes. Each is told of its own proxies, and ends with the harness. */
import { join } from 'node:path';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { StartedInstance, StartedService } from '../contract/environment.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { Target } from '../contract/target.ts';
import { entryPoint } from '../kit/package-root.ts';
import { bareEnvironment } from './bare-environment.ts';
import { startHelperProcesses, type RunningHelper } from './helpers.ts';
import { describeExit, type Keeper, type KeptProcess } from './keeper.ts';
import { lastLines } from './log-tail.ts';
import type { InstanceAddresses } from './proxy-process.ts';
import { readyPort } from './ready-line.ts';
import { waitUntilReady } from './ready.ts';

/** How long an instance may take to accept requests. */
export const SERVICE_READY_MS = 20_000;

/** How long it may take to stop when asked. */
const STOP_MS = 3000;

/** Signals after which an end is no surprise. */
const ENDING: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGABRT'];

export interface ServiceProcessesOptions {
  keeper: Keeper;
  folder: string;
  signal: AbortSignal;
  instances: number;
  /** Addresses that lead through the instance's own proxies. */
  addresses(instance: number): InstanceAddresses;
  /** How long an instance may take to accept requests, ms. Default 20 s. */
  readyMs?: number;
}

interface Running {
  instance: StartedInstance;
  process: KeptProcess;
  /** True once the harness itself has asked it to end. */
  expectedToEnd(): boolean;
}

async function startInstance(
  index: number,
  options: ServiceProcessesOptions,
  plan: RunPlan,
  target: Target,
): Promise<Running> {
  const log = join(options.folder, `service-${index}.log`);
  const surroundings = {
    index,
    instances: options.instances,
    ...options.addresses(index),
    listenHost: '127.0.0.1',
    listenPort: 0,
  };
  let kept: KeptProcess;
  try {
    kept = await options.keeper.start(`service-${index}`, {
      file: process.execPath,
      args: [entryPoint(target.command.entry)],
      env: bareEnvironment(target.environment(plan, surroundings)),
      cwd: process.cwd(),
      log,
      orphanSignal: 'SIGKILL',
    });
  } catch (cause) {
    throw new HarnessError(
      'SERVICE_FAILED',
      `instance ${index} of ${target.title} cannot be started: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
  const fail = async (what: string): Promise<never> => {
    await kept.stop('SIGKILL', 1000);
    throw new HarnessError(
      'SERVICE_FAILED',
      `instance ${index} of ${target.title} ${what}; its last words:\n${lastLines(kept.output())}`,
      { hint: `the whole log: ${log}` },
    );
  };
  const readyMs = options.readyMs ?? SERVICE_READY_MS;
  const startedAtMs = performance.now();
  const port = await kept.waitForOutput(readyPort, readyMs, options.signal);
  if (port === null)
    return fail(kept.exit ? describeExit(kept.exit) : `did not say that it is ready within ${readyMs / 1000} s`);
  const url = `http://127.0.0.1:${port}`;
  const leftMs = readyMs - (performance.now() - startedAtMs);
  const answer = await waitUntilReady(`${url}${target.readyPath}`, leftMs, () => kept.exit !== null, options.signal);
  if (!answer.ready)
    return fail(
      kept.exit
        ? describeExit(kept.exit)
        : `was not ready within ${readyMs / 1000} s (${target.readyPath}: ${answer.last})`,
    );
  let expected = false;
  return {
    process: kept,
    expectedToEnd: () => expected,
    instance: {
      index,
      url,
      pid: kept.pid,
      signal: (signal) => {
        if (ENDING.includes(signal)) expected = true;
        kept.signal(signal);
        return Promise.resolve();
      },
    },
  };
}

/**
 * Starts the instances side by side.
 *
 * @throws HarnessError `SERVICE_FAILED` with the last lines of the log; then none is left running
 */
export async function startServiceProcesses(
  options: ServiceProcessesOptions,
  plan: RunPlan,
  target: Target,
): Promise<StartedService> {
  const indexes = Array.from({ length: options.instances }, (_, index) => index);
  const outcomes = await Promise.allSettled(indexes.map((index) => startInstance(index, options, plan, target)));
  const running = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  let helpers: RunningHelper[] = [];
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    await Promise.all([
      ...helpers.map((one) => one.stop()),
      ...running.map(({ process: kept }) => kept.stop('SIGTERM', STOP_MS)),
    ]);
  };
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const surroundings = { index: 0, instances: options.instances, ...options.addresses(0) };
  const { keeper, folder, signal } = options;
  try {
    helpers = await startHelperProcesses(keeper, folder, surroundings, signal, plan, target);
  } catch (error) {
    await stop();
    throw error;
  }
  const died = new Promise<never>((_, reject) => {
    for (const { process: kept, instance, expectedToEnd } of running)
      void kept.exited.then((exit) => {
        if (stopping || expectedToEnd()) return;
        const words = `instance ${instance.index} of ${target.title} ${describeExit(exit)} during the run`;
        reject(
          new HarnessError('SERVICE_FAILED', `${words}; its last words:\n${lastLines(kept.output())}`, {
            hint: `the whole log: ${kept.log}`,
          }),
        );
      });
  });
  died.catch(() => undefined);
  return {
    instances: running.map(({ instance }) => instance),
    helpers: helpers.map(({ helper }) => helper),
    died,
    [Symbol.asyncDispose]: stop,
  };
}
