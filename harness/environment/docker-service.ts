/**
 * The instances of a target as containers: ours of a stock Node image with the package mounted, so that no image is
 * built; a service of the user's own of its own image, with nothing mounted.
 */
import type { InstanceAddresses } from './proxy-process.ts';
import { join } from 'node:path';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { StartedInstance, StartedService } from '../contract/environment.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { InstanceSurroundings, Target } from '../contract/target.ts';
import { entryPoint, packageRoot } from '../kit/package-root.ts';
import {
  startContainer,
  type ContainerSpec,
  type ContainerSurroundings,
  type OwnContainer,
} from './docker-container.ts';
import { findImage, pullImage } from './docker-engine.ts';
import { mountsFor } from './docker-mounts.ts';
import { startHelperContainers, type RunningHelper } from './helpers.ts';
import { isReadyStatus, waitUntilReady } from './ready.ts';

/** Where an instance of ours listens inside its container. */
export const SERVICE_PORT = 8080;
const READY_MS = 20_000;

/** How long an instance may take to stop when asked. */
const STOP_SEC = 3;

/** Signals after which an end is no surprise. */
const ENDING: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGABRT'];

export interface DockerServiceOptions {
  around: ContainerSurroundings;
  nodeImage: string;
  folder: string;
  signal: AbortSignal;
  instances: number;
  /** Tells the containers of one service from those of the one before. */
  generation: number;
  addresses(instance: number): InstanceAddresses;
}

interface Running {
  instance: StartedInstance;
  container: OwnContainer;
  log: string;
  expectedToEnd(): boolean;
}

async function startInstance(
  index: number,
  options: DockerServiceOptions,
  plan: RunPlan,
  target: Target,
): Promise<Running> {
  const log = join(options.folder, `service-${index}.log`);
  const { command } = target;
  const listenPort = 'image' in command ? command.containerPort : SERVICE_PORT;
  const surroundings = {
    index,
    instances: options.instances,
    ...options.addresses(index),
    listenHost: '0.0.0.0',
    listenPort,
  };
  const title = `instance ${index} of ${target.title}`;
  let container: OwnContainer;
  try {
    container = await startContainer(options.around, {
      alias: `service-${options.generation}-${index}`,
      environment: { ...passed(target), ...target.environment(plan, surroundings) },
      ports: { [listenPort]: 0 },
      log,
      ...programOf(options, plan, target, surroundings),
    });
  } catch (cause) {
    throw new HarnessError('SERVICE_FAILED', `${title} cannot be started: ${messageOf(cause)}`, { cause });
  }
  let code: number | null | undefined;
  void container.exited.then((status) => {
    code = status;
  });
  const { status = null, timeoutMs = READY_MS } = target.ready ?? {};
  try {
    const url = `http://127.0.0.1:${container.port(listenPort)}`;
    const answer = await waitUntilReady(
      `${url}${target.readyPath}`,
      timeoutMs,
      () => code !== undefined,
      options.signal,
      isReadyStatus(status),
    );
    if (!answer.ready) {
      const inside = 'image' in command ? `, port ${listenPort} inside` : '';
      const what =
        code === undefined
          ? `was not ready within ${timeoutMs / 1000} s (${target.readyPath}${inside}: ${answer.last})`
          : `ended with code ${code}`;
      throw new HarnessError('SERVICE_FAILED', `${title} ${what}; its last words:\n${await container.lastWords()}`, {
        hint: `the whole log: ${log}`,
      });
    }
    const pid = await container.pid();
    let expected = false;
    const signal = async (name: NodeJS.Signals): Promise<void> => {
      if (ENDING.includes(name)) expected = true;
      if (code === undefined) await container.kill(name);
    };
    return { container, log, expectedToEnd: () => expected, instance: { index, url, pid, signal } };
  } catch (error) {
    await container.remove();
    throw error;
  }
}

async function ensureServiceImage({ around }: DockerServiceOptions, image: string): Promise<void> {
  if (!(await findImage(around.client, image))) await pullImage(around.client, image);
}

/** What runs in the container. */
function programOf(
  { nodeImage }: DockerServiceOptions,
  plan: RunPlan,
  { command, title }: Target,
  surroundings: InstanceSurroundings,
): Pick<ContainerSpec, 'image' | 'entrypoint' | 'command' | 'mounts' | 'workingFolder'> {
  if ('image' in command)
    return {
      image: command.image,
      ...(command.arguments && { command: [...command.arguments(plan, surroundings)] }),
    };
  if ('entry' in command)
    return {
      image: nodeImage,
      entrypoint: ['node'],
      command: [entryPoint(command.entry)],
      mounts: mountsFor(plan),
      workingFolder: packageRoot,
    };
  throw new HarnessError('BAD_PLAN', `${title} is started by a command of this machine, which no container has`, {
    hint: 'use --env local, or describe the service by an image',
  });
}

function passed({ passEnvironment = [] }: Target): Record<string, string> {
  return Object.fromEntries(
    passEnvironment.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/**
 * Starts the instances side by side.
 *
 * @throws HarnessError `SERVICE_FAILED` with the last lines of the log; then none is left
 */
export async function startServiceContainers(
  options: DockerServiceOptions,
  plan: RunPlan,
  target: Target,
): Promise<StartedService> {
  const indexes = Array.from({ length: options.instances }, (_, index) => index);
  const { command } = target;
  if ('image' in command) await ensureServiceImage(options, command.image);
  const outcomes = await Promise.allSettled(indexes.map((index) => startInstance(index, options, plan, target)));
  const running = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  let helpers: RunningHelper[] = [];
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    await Promise.all([
      ...helpers.map((one) => one.stop()),
      ...running.map(async ({ container }) => {
        // One that is frozen takes no signal but SIGCONT and SIGKILL.
        await container.kill('SIGCONT').catch(() => undefined);
        await container.stop(STOP_SEC).catch(() => undefined);
        await container.remove();
      }),
    ]);
  };
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  const { around, nodeImage, folder, generation, instances } = options;
  const surroundings = { index: 0, instances, generation, ...options.addresses(0) };
  try {
    helpers = await startHelperContainers(around, nodeImage, folder, surroundings, plan, target);
  } catch (error) {
    await stop();
    throw error;
  }
  const died = new Promise<never>((_, reject) => {
    for (const { container, instance, log, expectedToEnd } of running)
      void container.exited.then(async (code) => {
        if (stopping || expectedToEnd()) return;
        const words = await container.lastWords().catch(messageOf);
        reject(
          new HarnessError(
            'SERVICE_FAILED',
            `instance ${instance.index} of ${target.title} ended with code ${code ?? 'unknown'} during the run; its last words:\n${words}`,
            { hint: `the whole log: ${log}` },
          ),
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
