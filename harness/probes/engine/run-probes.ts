/**
 * Starts the probes in a process of their own and brings back what they saw. Whatever becomes of that process, the
 * run gets an evidence for each probe: one that could not open, or was lost, says so there.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { HarnessError, messageOf } from '../../contract/errors.ts';
import type { Probe, ProbeContext, ProbeEvidence } from '../../contract/probe.ts';
import { entryPoint } from '../../kit/package-root.ts';
import type { FromProbes, ToProbes } from './probe-messages.ts';

const OPEN_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 15_000;

/**
 * The probes' code runs some twenty times a second, which is too seldom for optimised code to pay for its compilation,
 * and helper threads only add wake-ups. Together a fifth of the probes' cost.
 */
const FEW_EXECUTIONS = ['--no-opt', '--no-maglev', '--single-threaded'];

export interface ProbesOutcome {
  evidence: ProbeEvidence[];
  /** CPU that the probes themselves used while they sampled, as a share of one core. */
  costCpuShare: number;
}

/** Probes that sample. Leaving an `await using` block ends their process. */
export interface RunningProbes extends AsyncDisposable {
  readonly pid: number | undefined;
  /** Probes that could not open, with the reason; their evidence carries it too. */
  readonly failures: readonly { probe: string; message: string }[];
  /** Says when the recorded part begins, epoch ms; may lie ahead. Call it as soon as it is known. */
  begin(measuredFromMs: number): void;
  /**
   * Takes the last samples and ends the process. Call it when the load has ended and before the harness itself asks
   * the database: series, totals and loads are cut to the bounds, the list of statements ends here.
   */
  stop(bounds: { measuredFromMs: number; measuredToMs: number }): Promise<ProbesOutcome>;
}

/** A probe of `harness/probes/` by its id, or a `file` of the user's own. */
type NamedProbe = Pick<Probe, 'id' | 'everyMs'> & { file?: string };

/** A process that has loaded its code, or is about to. Leaving an `await using` block ends it. */
export interface PreparedProbes extends AsyncDisposable {
  /**
   * Resolves when all that can be opened sample. To be called once; from then on the process ends with what is returned.
   *
   * @param probes some of those that were prepared, or others
   * @throws HarnessError `INTERNAL` where their process cannot be started or does not answer in time
   */
  open(probes: readonly NamedProbe[], context: ProbeContext): Promise<RunningProbes>;
}

/** Starts the probes' process while there is nothing yet to look at: to load its code takes as long as to open it. */
export function prepareProbes(probes: readonly NamedProbe[]): PreparedProbes {
  const child = fork(entryPoint('harness/probes/engine/probe-main'), [], {
    execArgv: FEW_EXECUTIONS,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const probing = new ProbeProcess(child);
  probing.send({ type: 'load', files: probes.map(fileOf) });
  return {
    open: (some, context) => openProbes(probing, some, context),
    [Symbol.asyncDispose]: () => probing.end(),
  };
}

/** {@link prepareProbes} and `open` in one, for a target that is already there. */
export function startProbes(probes: readonly NamedProbe[], context: ProbeContext): Promise<RunningProbes> {
  return prepareProbes(probes).open(probes, context);
}

async function openProbes(
  probing: ProbeProcess,
  probes: readonly NamedProbe[],
  context: ProbeContext,
): Promise<RunningProbes> {
  try {
    probing.cpuMs = (part) => context.stack.cpuMs(part);
    probing.send({
      type: 'open',
      files: probes.map(fileOf),
      redisUrl: context.stack.redisUrl,
      postgresUrl: context.stack.postgresUrl,
      servers: context.stack.servers.map(({ name, kind, url }) => ({ name, kind, url })),
      environment: context.stack.manifest.id,
      instances: context.instances.map(({ index, url, pid }) => ({ index, url, pid })),
    });
    const { failures } = await probing.next('opened', OPEN_DEADLINE_MS);
    return {
      pid: probing.pid,
      failures,
      begin: (atMs) => probing.send({ type: 'begin', atMs }),
      async stop(bounds) {
        try {
          probing.send({ type: 'stop', ...bounds });
          const { evidence, costCpuShare } = await probing.next('done', STOP_DEADLINE_MS);
          for (const one of evidence) one.loads = probing.loads.get(one.probe) ?? [];
          return { evidence, costCpuShare };
        } catch (error) {
          return { evidence: probes.map((probe) => lostEvidence(probe, messageOf(error))), costCpuShare: 0 };
        } finally {
          await probing.end();
        }
      },
      [Symbol.asyncDispose]: () => probing.end(),
    };
  } catch (error) {
    await probing.end();
    throw error;
  }
}

function fileOf({ id, file }: NamedProbe): string {
  return file ?? entryPoint(`harness/probes/${id}`);
}

function lostEvidence({ id, everyMs }: Pick<Probe, 'id' | 'everyMs'>, error: string): ProbeEvidence {
  return {
    probe: id,
    everyMs,
    series: [],
    totals: {},
    statements: [],
    loads: [],
    samples: 0,
    lostSamples: 0,
    error,
  };
}

/** The child, with what it has said so far. */
class ProbeProcess {
  readonly loads = new Map<string, ProbeEvidence['loads']>();
  /** Asked for the CPU time of the servers, which only the environment knows. */
  cpuMs: ProbeContext['stack']['cpuMs'] = () => Promise.resolve(null);
  readonly #child: ChildProcess;
  readonly #exited: Promise<string>;
  readonly #said = new Map<FromProbes['type'], FromProbes>();
  #wake: () => void = () => {};
  #stderr = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) =>
        resolve(`ended with ${signal ?? `code ${code}`}${this.#stderr === '' ? '' : `: ${this.#stderr.trim()}`}`),
      );
    });
    child.stderr?.on('data', (data: Buffer) => (this.#stderr = (this.#stderr + data.toString()).slice(-2_000)));
    child.on('message', (message: FromProbes) => {
      if (message.type === 'cpu?') void this.#answerCpu(message);
      else if (message.type === 'loads')
        this.loads.set(message.probe, (this.loads.get(message.probe) ?? []).concat(message.loads));
      else {
        this.#said.set(message.type, message);
        this.#wake();
      }
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** A child that is gone hears nothing; that it is gone is told by {@link next}. */
  send(message: ToProbes): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  /** Waits for a message of this kind. Rejects when the process ends first, or at the deadline. */
  async next<T extends FromProbes['type']>(type: T, deadlineMs: number): Promise<Extract<FromProbes, { type: T }>> {
    let timer: NodeJS.Timeout | undefined;
    const said = new Promise<void>((resolve) => {
      this.#wake = () => this.#said.has(type) && resolve();
      this.#wake();
    });
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`did not answer within ${deadlineMs} ms`), deadlineMs);
    });
    const failure = await Promise.race([said, this.#exited, late]);
    clearTimeout(timer);
    const message = this.#said.get(type);
    if (!message) throw new HarnessError('INTERNAL', `the probe process ${failure ?? 'said nothing'}`);
    return message as Extract<FromProbes, { type: T }>;
  }

  /** Ends the child, by force where it does not go by itself. */
  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2_000);
    await this.#exited;
    clearTimeout(timer);
  }

  async #answerCpu({ question, part }: Extract<FromProbes, { type: 'cpu?' }>): Promise<void> {
    const ms = await this.cpuMs(part).catch(() => null);
    this.send({ type: 'cpu', question, ms });
  }
}
