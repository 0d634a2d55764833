/**
 * nginx as a local process in front of the instances, from the machine's own package. It has a configuration, a prefix
 * and a cache folder of its own in the run's folder: what the machine's nginx is configured for is neither read nor
 * touched.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HarnessError, messageOf } from '../contract/errors.ts';
import type { StartContext } from '../contract/environment.ts';
import type { PlannedEdge } from '../contract/plan.ts';
import { bareEnvironment } from './bare-environment.ts';
import { edgeConfig } from './edge-config.ts';
import type { RunningEdge } from './edge-service.ts';
import { findProgram, pathFolders } from './find-program.ts';
import { describeExit, type Keeper } from './keeper.ts';
import { lastLines } from './log-tail.ts';
import { PORT_ATTEMPTS, randomPort } from './random-port.ts';

const run = promisify(execFile);
const READY_MS = 10_000;

/** Where packages put it, beside the PATH: on Debian an ordinary user's PATH lacks /usr/sbin. */
const USUAL_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** The command that brings nginx to this kind of machine. */
const INSTALL_NGINX =
  process.platform === 'darwin'
    ? 'brew install nginx'
    : 'sudo apt-get install nginx-light (Debian, Ubuntu), or your system’s package; its service need not run';

/**
 * The machine's nginx.
 *
 * @throws HarnessError `NGINX_MISSING` with the command that installs it
 */
export async function findNginx(
  folders: readonly string[] = [...pathFolders(), ...USUAL_FOLDERS],
): Promise<{ file: string; title: string }> {
  const file = findProgram('nginx', folders);
  if (file !== null) {
    // It tells its version on stderr.
    const { stderr } = await run(file, ['-v']);
    return { file, title: `nginx ${/nginx\/(\S+)/.exec(stderr)?.[1] ?? '?'}` };
  }
  throw new HarnessError('NGINX_MISSING', 'there is no nginx on this machine', {
    hint: `install it: ${INSTALL_NGINX}; or use --edge none`,
  });
}

/**
 * Starts nginx with an empty cache.
 *
 * @param upstreams URLs of the instances
 * @param drawPort the next port to try
 * @throws HarnessError `NGINX_MISSING`, `NGINX_FAILED` with the last lines of its log, `PORT_TAKEN`
 */
export async function startLocalEdge(
  context: Pick<StartContext, 'folder' | 'signal' | 'journal'>,
  keeper: Keeper,
  edge: PlannedEdge,
  upstreams: readonly string[],
  drawPort = randomPort,
): Promise<RunningEdge> {
  const { file, title } = await findNginx();
  const prefix = join(context.folder, 'edge');
  const log = join(context.folder, 'edge.log');
  const config = join(context.folder, 'edge.conf');
  const forget = (): void => rmSync(prefix, { recursive: true, force: true });
  context.journal.write({ kind: 'folder', path: prefix });
  const hosts = upstreams.map((url) => new URL(url).host);
  for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
    context.signal.throwIfAborted();
    forget();
    mkdirSync(prefix, { recursive: true, mode: 0o700 });
    const address = `127.0.0.1:${drawPort()}`;
    writeFileSync(config, edgeConfig({ listen: address, upstreams: hosts, edge }), { mode: 0o600 });
    const args = ['-p', `${prefix}/`, '-c', config, '-e', 'stderr'];
    const server = await keeper
      .start('edge', { file, args, env: bareEnvironment(), cwd: context.folder, log, orphanSignal: 'SIGKILL' })
      .catch((cause: unknown) => {
        throw new HarnessError('NGINX_FAILED', `${file} cannot be started: ${messageOf(cause)}`, { cause });
      });
    const stop = async (): Promise<void> => {
      await server.stop('SIGTERM', 1000);
      forget();
    };
    // Its event loop comes after its sockets; where a socket is taken it tries again for seconds before it gives up.
    const told = (output: string): 'ready' | 'taken' | null =>
      /Address already in use/i.test(output) ? 'taken' : /using the "\w+" event method/.test(output) ? 'ready' : null;
    const state = await server.waitForOutput(told, READY_MS, context.signal).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
    if (state === 'ready') {
      const ended = server.exited.then(
        (exit) => `${describeExit(exit)}; its last words:\n${lastLines(server.output())}`,
      );
      return { url: `http://${address}`, version: title, ended, stop };
    }
    const what = server.exit ? describeExit(server.exit) : `was not ready after ${READY_MS / 1000} s`;
    const output = server.output();
    await stop();
    if (state === 'taken') continue;
    throw new HarnessError('NGINX_FAILED', `${title} ${what}; its last words:\n${lastLines(output)}`, {
      hint: `the whole log: ${log}`,
    });
  }
  throw new HarnessError('PORT_TAKEN', `none of ${PORT_ATTEMPTS} ports drawn for nginx was free`);
}
