/**
 * Starts the process of one instance and finds out where it listens: because it says so, or because it was told. Nobody
 * can hold a port free for somebody else, so one is drawn, and another where it turns out to be taken.
 */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { RunPlan } from '../contract/plan.ts';
import type { InstanceSurroundings, ProgramCommand, Target } from '../contract/target.ts';
import { entryPoint } from '../kit/package-root.ts';
import { bareEnvironment } from './bare-environment.ts';
import { describeExit, type Keeper, type KeptProcess } from './keeper.ts';
import { listeningPorts } from './listening-ports.ts';
import { lastLines } from './log-tail.ts';
import { PORT_ATTEMPTS, randomPort } from './random-port.ts';
import { readyPort } from './ready-line.ts';
import { isReadyStatus, waitUntilReady } from './ready.ts';

const READY_MS = 20_000;
/** What programs in every language say of a port that is taken. */
const TAKEN =
  /EADDRINUSE|address (is )?already in use|port \d+ is (already )?(in use|taken|allocated)|errno 98\b|os error 98\b/i;

export interface StartOptions {
  keeper: Keeper;
  signal: AbortSignal;
  log: string;
  /** In place of the target's own, ms. */
  readyMs?: number | undefined;
  /** Draws the next port to try. */
  drawPort?: (() => number) | undefined;
}

/** A process that answers. */
export interface ReadyProcess {
  process: KeptProcess;
  url: string;
  /** Ends it, with all that it has started in turn where it is a program of the user's own. */
  stop(graceMs: number): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

/**
 * @param surroundings of the instance; its `listenPort` is drawn here where the target is told one
 * @throws HarnessError SERVICE_FAILED with the last lines of its log, PORT_TAKEN where no drawn port was free
 */
export async function startReadyProcess(
  plan: RunPlan,
  target: Target,
  surroundings: Omit<InstanceSurroundings, 'listenPort'>,
  options: StartOptions,
): Promise<ReadyProcess> {
  const { command } = target;
  if ('image' in command || 'urls' in command)
    throw new HarnessError('BAD_PLAN', `${target.title} is no command, and here only commands are started`, {
      hint: 'image' in command ? 'use --env docker for an image' : 'use --env none for a service that runs already',
    });
  if ('entry' in command || command.listens === 'says-where') {
    const started = await startOne(plan, target, { ...surroundings, listenPort: 0 }, options);
    return ready(
      target,
      started,
      await portItSays(target, started, surroundings.index, options),
      surroundings,
      options,
    );
  }
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
    options.signal.throwIfAborted();
    const port = (options.drawPort ?? randomPort)();
    // Whoever answers there already would be taken for the service.
    if (await somebodyListens(port)) continue;
    const started = await startOne(plan, target, { ...surroundings, listenPort: port }, options);
    const found = await ready(target, started, port, surroundings, options).catch((error: unknown) => {
      if (started.process.exit && TAKEN.test(started.process.output())) return null;
      throw error;
    });
    if (found) return found;
  }
  throw new HarnessError('PORT_TAKEN', `none of ${PORT_ATTEMPTS} ports drawn for ${target.title} was free`);
}

type Started = Omit<ReadyProcess, 'url'>;

async function startOne(
  plan: RunPlan,
  target: Target,
  surroundings: InstanceSurroundings,
  { keeper, log }: StartOptions,
): Promise<Started> {
  const command = target.command as ProgramCommand | { entry: string };
  const own = 'argv' in command;
  const [file = '', ...args] = own ? command.argv(plan, surroundings) : [process.execPath, entryPoint(command.entry)];
  const passed = (target.passEnvironment ?? []).flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  const env = bareEnvironment({ ...Object.fromEntries(passed), ...target.environment(plan, surroundings) });
  const cwd = own ? command.cwd : process.cwd();
  let kept: KeptProcess;
  try {
    kept = await keeper.start(`service-${surroundings.index}`, {
      file,
      args,
      env,
      cwd,
      log,
      orphanSignal: 'SIGKILL',
      ...(own && { group: true }),
    });
  } catch (cause) {
    throw new HarnessError(
      'SERVICE_FAILED',
      `instance ${surroundings.index} of ${target.title} cannot be started: ${messageOf(cause)}`,
      own ? { cause, hint: `the command was \`${[file, ...args].join(' ')}\` in ${cwd}` } : { cause },
    );
  }
  if (!own)
    return { process: kept, stop: (graceMs) => kept.stop('SIGTERM', graceMs), signal: (name) => kept.signal(name) };
  // A package manager or a shell stands before many a service and hands on no signal: the whole group is meant.
  const signal = (name: NodeJS.Signals): void => signalGroup(kept.pid, name);
  return {
    process: kept,
    signal,
    async stop(graceMs) {
      signal('SIGTERM');
      signal('SIGCONT');
      await kept.stop('SIGTERM', graceMs);
      signal('SIGKILL');
    },
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function portItSays(target: Target, started: Started, index: number, options: StartOptions): Promise<number> {
  const readyMs = readyMsOf(target, options);
  const { process: kept } = started;
  const port = await kept.waitForOutput(readyPort, readyMs, options.signal);
  if (port !== null) return port;
  const why = kept.exit ? describeExit(kept.exit) : `did not say that it is ready within ${readyMs / 1000} s`;
  return fail(target, started, index, options, why);
}

async function ready(
  target: Target,
  started: Started,
  port: number,
  { index, listenHost }: Pick<InstanceSurroundings, 'index' | 'listenHost'>,
  options: StartOptions,
): Promise<ReadyProcess> {
  const { process: kept } = started;
  const readyMs = readyMsOf(target, options);
  const url = `http://${listenHost}:${port}`;
  const ended = (): boolean => kept.exit !== null;
  const isReady = isReadyStatus(target.ready?.status ?? null);
  const answer = await waitUntilReady(`${url}${target.readyPath}`, readyMs, ended, options.signal, isReady).catch(
    async (error: unknown) => {
      await started.stop(1000);
      throw error;
    },
  );
  if (answer.ready && !ended()) return { ...started, url };
  if (kept.exit) return fail(target, started, index, options, describeExit(kept.exit));
  const elsewhere = answer.last === 'no answer' ? listeningPorts(kept.pid).filter((other) => other !== port) : [];
  if (elsewhere.length === 0)
    return fail(
      target,
      started,
      index,
      options,
      `was not ready within ${readyMs / 1000} s (${target.readyPath}: ${answer.last})`,
    );
  const { command } = target;
  const toldBy = 'argv' in command && command.toldBy !== '' ? ` by ${command.toldBy}` : '';
  return fail(
    target,
    started,
    index,
    options,
    `was told${toldBy} to listen on port ${port} and listens on ${elsewhere.join(', ')} instead`,
    'port.variable of the target names the variable that the service reads its port from',
  );
}

async function fail(
  target: Target,
  started: Started,
  index: number,
  { log }: StartOptions,
  what: string,
  hint?: string,
): Promise<never> {
  await started.stop(1000);
  throw new HarnessError(
    'SERVICE_FAILED',
    `instance ${index} of ${target.title} ${what}; its last words:\n${lastLines(started.process.output())}`,
    { hint: [hint, `the whole log: ${log}`].filter((text) => text !== undefined).join('; ') },
  );
}

function readyMsOf(target: Target, options: StartOptions): number {
  return options.readyMs ?? target.ready?.timeoutMs ?? READY_MS;
}

/** True where a connection comes about. */
async function somebodyListens(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  const answered = new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  try {
    return await Promise.race([answered, delay(500).then(() => true)]);
  } finally {
    socket.destroy();
  }
}
