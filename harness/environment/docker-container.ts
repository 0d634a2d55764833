/**
 * One container of a run: on the run's private network under a name of its own, published on loopback only, labelled,
 * journalled as soon as it exists, and removed by its id. testcontainers creates and starts it; where its interface
 * has no word for what is needed (loopback, an open stdin), the create options are completed here.
 */
import { createWriteStream, readFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerRuntimeClient, WaitStrategy } from 'testcontainers';
import type { Journal } from '../contract/journal.ts';
import { testcontainers } from './docker-engine.ts';
import { runLabels } from './docker-labels.ts';
import { lastLines } from './log-tail.ts';
import { processCpuMs } from './process-cpu.ts';

export interface ContainerSpec {
  image: string;
  /** Its name on the run's network. */
  alias: string;
  environment?: Record<string, string>;
  entrypoint?: string[];
  command?: string[];
  mounts?: readonly string[];
  workingFolder?: string;
  /** Port inside → port on loopback; 0 leaves the choice to the engine, anew at each start. */
  ports: Readonly<Record<number, number>>;
  /** Where its output goes. */
  log: string;
}

export interface ContainerSurroundings {
  client: ContainerRuntimeClient;
  runId: string;
  network: string;
  journal: Journal;
}

/** A container of ours that exists. */
export interface OwnContainer {
  id: string;
  /** The published port on loopback. */
  port(inside: number): number;
  /** Process id on this machine; null where the engine runs behind a virtual machine or is stopped. */
  pid(): Promise<number | null>;
  cpuMs(): Promise<number | null>;
  /** The code that it ended with, once it has; null where the engine cannot say. */
  exited: Promise<number | null>;
  isRunning(): Promise<boolean>;
  kill(signal: NodeJS.Signals): Promise<void>;
  stop(graceSec: number): Promise<void>;
  start(): Promise<void>;
  lastWords(): Promise<string>;
  remove(): Promise<void>;
}

/** Readiness is asked over the published port; testcontainers' own checks run shells inside and take longer. */
const noWait: WaitStrategy = {
  waitUntilReady: () => Promise.resolve(),
  withStartupTimeout: () => noWait,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => 0,
};

/** Removes a container by id. One that is gone already is fine. */
export async function removeContainer(client: ContainerRuntimeClient, id: string): Promise<boolean> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await client.container.dockerode.getContainer(id).remove({ force: true, v: true });
      return true;
    } catch (error) {
      const status = (error as { statusCode?: number }).statusCode;
      if (status === 404) return false;
      // 409: its removal is under way already.
      if (status !== 409 || attempt >= 20) throw error;
      await delay(100);
    }
  }
}

/** Output without a terminal comes in frames: eight bytes of header, the last four of them the length. */
function withoutFrames(buffer: Buffer): string {
  let text = '';
  for (let at = 0; at + 8 <= buffer.length;) {
    const length = buffer.readUInt32BE(at + 4);
    text += buffer.toString('utf8', at + 8, at + 8 + length);
    at += 8 + length;
  }
  return text;
}

/** True where a process of this machine is the container's: the pid of a virtual machine means somebody else here. */
function isInContainer(pid: number, containerId: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(containerId);
  } catch {
    return false;
  }
}

/**
 * Creates and starts a container.
 *
 * @throws Error of the engine; a container that was created but does not start is removed
 */
export async function startContainer(around: ContainerSurroundings, spec: ContainerSpec): Promise<OwnContainer> {
  const { GenericContainer } = await testcontainers();
  let id = '';

  class RunContainer extends GenericContainer {
    protected override beforeContainerCreated(): Promise<void> {
      const bindings = Object.entries(spec.ports).map(([inside, outside]) => [
        `${inside}/tcp`,
        [{ HostIp: '127.0.0.1', HostPort: String(outside) }],
      ]);
      this.hostConfig.PortBindings = Object.fromEntries(bindings);
      this.createOpts.NetworkingConfig = { EndpointsConfig: { [around.network]: { Aliases: [spec.alias] } } };
      // Open and never closed: services end when their stdin does.
      this.createOpts.OpenStdin = true;
      return Promise.resolve();
    }
    protected override containerCreated(containerId: string): Promise<void> {
      id = containerId;
      around.journal.write({ kind: 'container', id, what: spec.alias });
      return Promise.resolve();
    }
  }

  const container = new RunContainer(spec.image)
    .withName(`cachequake-${around.runId}-${spec.alias}`)
    .withLabels(runLabels(around.runId))
    .withNetworkMode(around.network)
    .withEnvironment(spec.environment ?? {})
    .withBindMounts((spec.mounts ?? []).map((folder) => ({ source: folder, target: folder, mode: 'ro' as const })))
    .withExposedPorts(...Object.keys(spec.ports).map(Number))
    .withAutoCleanup(false)
    .withWaitStrategy(noWait);
  if (spec.entrypoint) container.withEntrypoint(spec.entrypoint);
  if (spec.command) container.withCommand(spec.command);
  if (spec.workingFolder !== undefined) container.withWorkingDir(spec.workingFolder);
  const started = await container.start().catch(async (error: unknown) => {
    if (id !== '') await removeContainer(around.client, id);
    throw error;
  });
  const { dockerode } = around.client.container;
  const own = dockerode.getContainer(id);
  const following = new Set<Promise<void>>();

  const follow = async (since: number): Promise<void> => {
    const stream = await own.logs({ follow: true, stdout: true, stderr: true, since });
    const file = createWriteStream(spec.log, { flags: 'a', mode: 0o600 });
    dockerode.modem.demuxStream(stream, file, file);
    const done = finished(stream)
      .catch(() => undefined)
      .finally(() => file.end());
    following.add(done);
  };
  await follow(0);

  const pid = async (): Promise<number | null> => {
    const { State: state } = await own.inspect();
    return state.Running && isInContainer(state.Pid, id) ? state.Pid : null;
  };
  let knownPid: number | null | undefined;
  return {
    id,
    port: (inside) => started.getMappedPort(inside),
    pid,
    cpuMs: async () => {
      knownPid ??= await pid();
      const fromProc = processCpuMs(knownPid);
      if (fromProc !== null) return fromProc;
      knownPid = undefined;
      const stats = await own.stats({ stream: false, 'one-shot': true }).catch(() => null);
      const used = stats?.cpu_stats?.cpu_usage?.total_usage;
      return used === undefined ? null : used / 1e6;
    },
    exited: own.wait().then(
      (answer: { StatusCode: number }) => answer.StatusCode,
      () => null,
    ),
    isRunning: async () => (await own.inspect()).State.Running,
    kill: async (signal) => {
      await own.kill({ signal });
    },
    stop: async (graceSec) => {
      await own.stop({ t: graceSec });
      knownPid = undefined;
    },
    start: async () => {
      const since = Math.floor(Date.now() / 1000);
      await own.start();
      await follow(since);
    },
    lastWords: async () => lastLines(withoutFrames(await own.logs({ stdout: true, stderr: true, tail: 40 }))),
    remove: async () => {
      await removeContainer(around.client, id);
      await Promise.all(following);
    },
  };
}
