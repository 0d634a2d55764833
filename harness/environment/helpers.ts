/**
 * The processes that a target wants beside its instances, for example a refresh worker. They are told of the first
 * instance's surroundings, so that its proxies, and the faults on them, hold for them too. One that ends is no end of
 * the run: that its work is missed is what such an experiment is about.
 */
import { join } from 'node:path';
import type { StartedHelper } from '../contract/environment.ts';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { InstanceSurroundings, Target } from '../contract/target.ts';
import { entryPoint } from '../kit/package-root.ts';
import { bareEnvironment } from './bare-environment.ts';
import { startContainer, type ContainerSurroundings } from './docker-container.ts';
import { mountsFor } from './docker-mounts.ts';
import { describeExit, type Keeper } from './keeper.ts';
import { lastLines } from './log-tail.ts';
import { readyPort } from './ready-line.ts';
import { packageRoot } from '../kit/package-root.ts';

const READY_MS = 20_000;
const STOP_MS = 3000;
const STOP_SEC = 3;

/** A helper as it was started, and its end. */
export interface RunningHelper {
  helper: StartedHelper;
  stop(): Promise<void>;
}

type Surroundings = Omit<InstanceSurroundings, 'listenHost' | 'listenPort'>;

function failure(name: string, target: Target, what: string, cause?: unknown): HarnessError {
  return new HarnessError('SERVICE_FAILED', `${name} of ${target.title} ${what}`, { cause });
}

/**
 * Starts the helpers as local processes.
 *
 * @throws HarnessError `SERVICE_FAILED` where one does not say that it is ready; those before it are stopped
 */
export async function startHelperProcesses(
  keeper: Keeper,
  folder: string,
  surroundings: Surroundings,
  signal: AbortSignal,
  plan: RunPlan,
  target: Target,
): Promise<RunningHelper[]> {
  const running: RunningHelper[] = [];
  const env = bareEnvironment(target.environment(plan, { ...surroundings, listenHost: '127.0.0.1', listenPort: 0 }));
  for (const { name, entry } of target.helpers?.(plan) ?? []) {
    const log = join(folder, `${name}.log`);
    const command = { file: process.execPath, args: [entryPoint(entry)], env, cwd: process.cwd(), log };
    const start = async () => {
      const started = await keeper.start(name, { ...command, orphanSignal: 'SIGKILL' });
      if ((await started.waitForOutput(readyPort, READY_MS, signal)) !== null) return started;
      const what = started.exit ? describeExit(started.exit) : `was not ready within ${READY_MS / 1000} s`;
      await started.stop('SIGKILL', 1000);
      throw failure(name, target, `${what}; its last words:\n${lastLines(started.output())}`);
    };
    try {
      let kept = await start();
      running.push({
        stop: () => kept.stop('SIGTERM', STOP_MS),
        helper: {
          name,
          get pid() {
            return kept.exit ? null : kept.pid;
          },
          signal: async (sent) => kept.signal(sent),
          async revive() {
            if (kept.exit) kept = await start();
            else kept.signal('SIGCONT');
          },
        },
      });
    } catch (error) {
      await Promise.all(running.map((one) => one.stop()));
      throw error instanceof HarnessError
        ? error
        : failure(name, target, `cannot be started: ${messageOf(error)}`, error);
    }
  }
  return running;
}

/**
 * Starts the helpers as containers.
 *
 * @param generation tells the containers of one service from those of the one before
 * @throws HarnessError `SERVICE_FAILED`; those before it are removed
 */
export async function startHelperContainers(
  around: ContainerSurroundings,
  image: string,
  folder: string,
  surroundings: Surroundings & { generation: number },
  plan: RunPlan,
  target: Target,
): Promise<RunningHelper[]> {
  const running: RunningHelper[] = [];
  const { generation, ...rest } = surroundings;
  for (const { name, entry } of target.helpers?.(plan) ?? []) {
    try {
      const container = await startContainer(around, {
        image,
        alias: `${name}-${generation}`,
        environment: target.environment(plan, { ...rest, listenHost: '0.0.0.0', listenPort: 0 }),
        entrypoint: ['node'],
        command: [entryPoint(entry)],
        mounts: mountsFor(plan),
        workingFolder: packageRoot,
        ports: {},
        log: join(folder, `${name}.log`),
      });
      let pid = await container.pid();
      running.push({
        async stop() {
          await container.kill('SIGCONT').catch(() => undefined);
          await container.stop(STOP_SEC).catch(() => undefined);
          await container.remove();
        },
        helper: {
          name,
          get pid() {
            return pid;
          },
          signal: (sent) => container.kill(sent),
          async revive() {
            if (await container.isRunning()) await container.kill('SIGCONT');
            else await container.start();
            pid = await container.pid();
          },
        },
      });
    } catch (error) {
      await Promise.all(running.map((one) => one.stop()));
      throw failure(name, target, `cannot be started: ${messageOf(error)}`, error);
    }
  }
  return running;
}
