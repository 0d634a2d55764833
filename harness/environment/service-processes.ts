/** The instances of a target as local processes. Each is told of its own proxies, and ends with the harness. */
import { join } from 'node:path';
import { HarnessError } from '../contract/errors.ts';
import type { StartedInstance, StartedService } from '../contract/environment.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { Target } from '../contract/target.ts';
import { startHelperProcesses, type RunningHelper } from './helpers.ts';
import { describeExit, type Keeper } from './keeper.ts';
import { lastLines } from './log-tail.ts';
import type { InstanceAddresses } from './proxy-process.ts';
import { type ReadyProcess, startReadyProcess } from './service-start.ts';

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
  /** How long an instance may take to accept requests, ms; in place of the target's own. */
  readyMs?: number;
  /** The next port to try, for a target that is told its port; drawn by chance where not given. */
  drawPort?: () => number;
}

interface Running {
  instance: StartedInstance;
  started: ReadyProcess;
  /** True once the harness itself has asked it to end. */
  expectedToEnd(): boolean;
}

async function startInstance(
  index: number,
  options: ServiceProcessesOptions,
  plan: RunPlan,
  target: Target,
): Promise<Running> {
  const { keeper, folder, signal, instances, readyMs, drawPort } = options;
  const surroundings = { index, instances, ...options.addresses(index), listenHost: '127.0.0.1' };
  const log = join(folder, `service-${index}.log`);
  const started = await startReadyProcess(plan, target, surroundings, { keeper, signal, log, readyMs, drawPort });
  let expected = false;
  return {
    started,
    expectedToEnd: () => expected,
    instance: {
      index,
      url: started.url,
      pid: started.process.pid,
      signal: (name) => {
        if (ENDING.includes(name)) expected = true;
        started.signal(name);
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
    await Promise.all([...helpers.map((one) => one.stop()), ...running.map(({ started }) => started.stop(STOP_MS))]);
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
    for (const { started, instance, expectedToEnd } of running) {
      const { process: kept } = started;
      void kept.exited.then((exit) => {
        if (stopping || expectedToEnd()) return;
        const words = `instance ${instance.index} of ${target.title} ${describeExit(exit)} during the run`;
        reject(
          new HarnessError('SERVICE_FAILED', `${words}; its last words:\n${lastLines(kept.output())}`, {
            hint: `the whole log: ${kept.log}`,
          }),
        );
      });
    }
  });
  died.catch(() => undefined);
  return {
    instances: running.map(({ instance }) => instance),
    helpers: helpers.map(({ helper }) => helper),
    died,
    [Symbol.asyncDispose]: stop,
  };
}
